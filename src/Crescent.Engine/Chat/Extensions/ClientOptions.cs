using System.Globalization;
using System.Text.Json;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;
using Microsoft.Extensions.AI;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>Reads <see cref="ChatOptions"/> into what the engine takes.</summary>
internal static class ClientOptions
{
    private static readonly JsonElement s_object = JsonDocument.Parse("""{"type":"object"}""").RootElement;

    /// <exception cref="NotSupportedException">An option that the engine cannot honour.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option outside its range.</exception>
    public static ChatRequest Request(ChatOptions? options, ChatEngine engine, SamplingOptions sampling, PromptRequest conversation, int[] prompt) => new()
    {
        Prompt = prompt,
        Conversation = conversation,
        StoredPrefix = engine.StoredPrefix(conversation, prompt),
        Sampling = Sampling(options, sampling),
        Grammar = engine.Bind(conversation, Form(options)),
        MaxTokens = options?.MaxOutputTokens ?? int.MaxValue,
        StopStrings = [.. options?.StopSequences ?? []],
        OneCall = options?.AllowMultipleToolCalls == false,
    };

    private static AnswerForm Form(ChatOptions? options) => new()
    {
        Text = options?.ResponseFormat is ChatResponseFormatJson json ? Grammar.FromJsonSchema(json.Schema ?? s_object) : null,
        Calls = options?.ToolMode switch
        {
            NoneChatToolMode => ToolCallMode.None,
            RequiredChatToolMode => ToolCallMode.Required,
            _ => ToolCallMode.Auto,
        },
        OnlyTool = (options?.ToolMode as RequiredChatToolMode)?.RequiredFunctionName,
        ParallelCalls = options?.AllowMultipleToolCalls != false,
    };

    private static SamplingOptions Sampling(ChatOptions? options, SamplingOptions sampling)
    {
        if (options is null)
        {
            return sampling;
        }

        return sampling with
        {
            Temperature = options.Temperature ?? sampling.Temperature,
            TopP = options.TopP ?? sampling.TopP,
            TopK = options.TopK ?? sampling.TopK,
            FrequencyPenalty = options.FrequencyPenalty ?? sampling.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty ?? sampling.PresencePenalty,
            MinP = Number(options, "min_p") ?? sampling.MinP,
            TypicalP = Number(options, "typical_p") ?? sampling.TypicalP,
            RepetitionPenalty = Number(options, "repetition_penalty") ?? sampling.RepetitionPenalty,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : null,
        };
    }

    private static float? Number(ChatOptions options, string name)
    {
        if (options.AdditionalProperties?.TryGetValue(name, out var value) != true || value is null)
        {
            return null;
        }

        return value switch
        {
            JsonElement { ValueKind: JsonValueKind.Number } element => element.GetSingle(),
            IConvertible number and not string and not bool => number.ToSingle(CultureInfo.InvariantCulture),
            _ => throw new ArgumentException($"{name}: expected a number, found {value}", nameof(options)),
        };
    }
}

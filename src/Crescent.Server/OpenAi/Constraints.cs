using System.Text.Json;
using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Text.Grammars;

namespace Crescent.Server.OpenAi;

/// <summary>What a request binds its answer to: a form of JSON, or a call of a tool.</summary>
internal static class Constraints
{
    private static readonly JsonElement s_object = JsonDocument.Parse("""{"type":"object"}""").RootElement;

    /// <exception cref="ApiException">The schema cannot be kept.</exception>
    public static AnswerForm Form(ChatCompletionRequest request) => new()
    {
        Text = request.Format is { } format ? Text(format) : null,
        Calls = request.ToolChoice.Kind switch
        {
            ToolChoiceKind.None => ToolCallMode.None,
            ToolChoiceKind.Required or ToolChoiceKind.Function => ToolCallMode.Required,
            _ => ToolCallMode.Auto,
        },
        OnlyTool = request.ToolChoice.Name,
        ParallelCalls = request.ParallelToolCalls,
    };

    private static Grammar Text(ResponseFormat format)
    {
        try
        {
            return Grammar.FromJsonSchema(format.Schema ?? s_object);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw ApiException.Invalid("response_format", exception.Message);
        }
    }
}

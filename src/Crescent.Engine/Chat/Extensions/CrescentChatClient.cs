using System.Runtime.CompilerServices;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Text.Answers;
using Microsoft.Extensions.AI;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>
/// A model in this process as an <see cref="IChatClient"/>. Many answers may run at once: they share the engine's steps. A tool call is told of once it is complete;
/// reasoning comes as <see cref="TextReasoningContent"/>, tokens as <see cref="UsageContent"/> in the last update. Calls are not run here: wrap the client for that.
/// </summary>
/// <param name="engine">Where answers are made; whoever made it disposes of it.</param>
/// <param name="model">What answers name as their model.</param>
/// <param name="sampling">Sampling where options say nothing else; null for plain sampling.</param>
public sealed class CrescentChatClient(ChatEngine engine, string model, SamplingOptions? sampling = null) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("crescent", defaultModelId: model);

    /// <inheritdoc/>
    /// <exception cref="ChatException">The request was refused or its answer failed; <see cref="ChatException.Failure"/> says why.</exception>
    /// <exception cref="NotSupportedException">An option or content that the model or this client cannot honour.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <inheritdoc cref="GetResponseAsync"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var conversation = Conversations.Read(messages, options);
        var prompt = engine.Encode(conversation);
        using var answer = engine.Submit(ClientOptions.Request(options, engine, sampling ?? new SamplingOptions(), conversation, prompt), cancellationToken);
        var head = new UpdateHead($"chatcmpl-{Guid.NewGuid():N}", options?.ModelId ?? model);
        var calls = new Dictionary<int, OpenCall>();
        await foreach (var update in answer.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (update)
            {
                case PieceUpdate piece:
                    var contents = Contents(piece.Events, calls);
                    if (contents.Count > 0)
                    {
                        yield return head.Update(contents);
                    }

                    break;
                case EndUpdate end:
                    yield return head.Update([new UsageContent(Usage(end))], Reason(end.Reason));
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(engine) ? engine
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static List<AIContent> Contents(IReadOnlyList<AnswerEvent> events, Dictionary<int, OpenCall> calls)
    {
        var contents = new List<AIContent>();
        foreach (var piece in events)
        {
            switch (piece.Kind)
            {
                case AnswerEventKind.Text:
                    contents.Add(new TextContent(piece.Text));
                    break;
                case AnswerEventKind.Reasoning:
                    contents.Add(new TextReasoningContent(piece.Text));
                    break;
                case AnswerEventKind.CallBegin:
                    calls[piece.CallIndex] = new OpenCall(piece.CallId ?? "", piece.CallName ?? "");
                    break;
                case AnswerEventKind.CallArguments:
                    calls[piece.CallIndex].Arguments.Append(piece.Text);
                    break;
                case AnswerEventKind.CallEnd when calls.Remove(piece.CallIndex, out var call):
                    contents.Add(call.Content());
                    break;
            }
        }

        return contents;
    }

    private static UsageDetails Usage(EndUpdate end) => new()
    {
        InputTokenCount = end.Usage.Prompt,
        OutputTokenCount = end.Usage.Completion,
        TotalTokenCount = end.Usage.Prompt + end.Usage.Completion,
        CachedInputTokenCount = end.Usage.Cached,
        ReasoningTokenCount = end.Usage.Reasoning,
    };

    private static ChatFinishReason Reason(AnswerEnd end) => end switch
    {
        AnswerEnd.Length => ChatFinishReason.Length,
        AnswerEnd.ToolCalls => ChatFinishReason.ToolCalls,
        _ => ChatFinishReason.Stop,
    };
}

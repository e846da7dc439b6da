using Crescent.Server.Responses.Wire;
using Crescent.Text.Templates;

namespace Crescent.Server.Responses;

/// <summary>An answer that is kept, and the conversation that a next request goes on with: without instructions, which are each request's own.</summary>
/// <param name="Owner">The key of the request, which alone finds it again.</param>
internal sealed record StoredResponse(int Owner, ResponseReply Reply, IReadOnlyList<ChatMessage> Conversation)
{
    private const int MessageOverhead = 100;

    /// <summary>About as many bytes as it takes.</summary>
    public long Size { get; } = 2 * (Conversation.Sum(SizeOf) + Reply.Output.Sum(item => SizeOf(item.Arguments) + (item.Content?.Sum(part => SizeOf(part.Text)) ?? 0)) + Reply.Tools.Sum(tool => SizeOf(tool.GetRawText())));

    private static long SizeOf(ChatMessage message) =>
        MessageOverhead + SizeOf(message.Content) + SizeOf(message.ReasoningContent) + message.ToolCalls.Sum(call => MessageOverhead + SizeOf(call.Name) + SizeOf(call.Arguments));

    private static long SizeOf(string? text) => text?.Length ?? 0;
}

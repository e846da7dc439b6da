using Microsoft.Extensions.AI;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>What all updates of one answer have in common.</summary>
internal sealed class UpdateHead(string id, string model)
{
    private readonly DateTimeOffset _created = TimeProvider.System.GetUtcNow();

    public ChatResponseUpdate Update(IList<AIContent> contents, ChatFinishReason? reason = null) => new(ChatRole.Assistant, contents)
    {
        ResponseId = id,
        MessageId = id,
        ModelId = model,
        CreatedAt = _created,
        FinishReason = reason,
    };
}

using Crescent.Engine.Chat;

namespace Crescent.Server.Responses.Wire;

internal sealed record ResponseUsage(int InputTokens, InputTokensDetails InputTokensDetails, int OutputTokens, OutputTokensDetails OutputTokensDetails, int TotalTokens)
{
    public static ResponseUsage Of(AnswerUsage usage) => new(
        usage.Prompt, new InputTokensDetails(usage.Cached), usage.Completion, new OutputTokensDetails(usage.Reasoning), usage.Prompt + usage.Completion);
}

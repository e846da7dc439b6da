using System.ClientModel;
using Crescent.Tests.Support;
using OpenAI.Chat;
using Xunit;

namespace Crescent.Tests;

/// <summary>OpenAI's own client for .NET.</summary>
public sealed class OpenAiClientTests
{
    private static readonly ChatMessage[] s_once = [new UserChatMessage("Once upon a time")];

    [Fact]
    public async Task It_reads_whole_answers()
    {
        await using var scene = await ServerScene.OpenAsync();
        var completion = (await scene.Chat.CompleteChatAsync(s_once, new ChatCompletionOptions { MaxOutputTokenCount = 20 }, TestContext.Current.CancellationToken)).Value;
        Assert.Equal(", there was a little girl named Lily. She loved to play outsid", completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Length, completion.FinishReason);
        Assert.Equal((5, 20), (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount));
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
    }

    [Fact]
    public async Task It_reads_streams()
    {
        await using var scene = await ServerScene.OpenAsync();
        var text = "";
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in scene.Chat.CompleteChatStreamingAsync(s_once, new ChatCompletionOptions { MaxOutputTokenCount = 20 }, TestContext.Current.CancellationToken))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }

        Assert.Equal(", there was a little girl named Lily. She loved to play outsid", text);
        Assert.Equal(ChatFinishReason.Length, reason);
        Assert.Equal(20, usage!.OutputTokenCount);
    }

    [Fact]
    public async Task It_reads_log_probabilities_and_sends_stop_strings()
    {
        await using var scene = await ServerScene.OpenAsync();
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 20, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        options.StopSequences.Add("girl");
        var completion = (await scene.Chat.CompleteChatAsync(s_once, options, TestContext.Current.CancellationToken)).Value;
        Assert.Equal(", there was a little ", completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(",", completion.ContentTokenLogProbabilities[0].Token);
        Assert.All(completion.ContentTokenLogProbabilities, token => Assert.Equal(3, token.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task It_gives_up_in_the_middle()
    {
        await using var scene = await ServerScene.OpenAsync(engine: options => options with { Context = 1_000_000 });
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in scene.Chat.CompleteChatStreamingAsync(s_once, new ChatCompletionOptions { LogitBiases = { [scene.Tokenizer.EosId!.Value] = -100, [scene.Tokenizer.BosId!.Value] = -100 } }, abort.Token))
            {
                if (update.ContentUpdate.Count > 0 && update.ContentUpdate[0].Text.Length > 0)
                {
                    await abort.CancelAsync();
                }
            }
        });
        await Wait.ForAsync(() => scene.Engine.Status().Slots.All(slot => slot.Request is null));
    }

    [Fact]
    public async Task It_sees_errors_with_their_status()
    {
        await using var scene = await ServerScene.OpenAsync();
        var exception = await Assert.ThrowsAsync<ClientResultException>(() => scene.Chat.CompleteChatAsync([new UserChatMessage(string.Join(' ', Enumerable.Repeat("word", 300)))], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(400, exception.Status);
        Assert.Contains("context_length_exceeded", exception.Message, StringComparison.Ordinal);
    }
}

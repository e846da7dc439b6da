using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Models;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Chat;

public sealed class ChatEngineTests
{
    private const int Endless = 1_000_000; // tokens: more than any test waits for

    public static TheoryData<string> Names => TestModels.Rows(["g-llama", "g-kimi-k2-q4_0", "g-qwen3moe-q", "tiny-kimi-linear"]);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Sixteen_answers_together_equal_each_alone(string name)
    {
        var tokens = TestModels.TokensOf(name);
        var requests = Enumerable.Range(0, 16).Select(i => ChatScene.Greedy(tokens[(i % 8)..(10 + (3 * i))], 5 + i)).ToArray();
        using var scene = new ChatScene(name, options => options with { Parallel = 5, BusyChunk = 7 });
        var together = await Task.WhenAll(requests.Select(scene.AskAsync));
        for (var i = 0; i < requests.Length; i++)
        {
            var (ids, text) = ChatScene.Alone(name, requests[i]);
            Assert.Equal(ids, together[i][0].Ids);
            Assert.Equal(text, together[i][0].Text);
            Assert.Equal(ids.Length, together[i][0].End!.Usage.Completion);
            Assert.Equal(requests[i].Prompt.Count, together[i][0].End!.Usage.Prompt);
        }
    }

    [Fact]
    public async Task Cancelled_answers_leave_the_others_whole_and_free_their_places()
    {
        var tokens = TestModels.TokensOf("g-llama");
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 3, Context = Endless });
        var random = new Random(7);
        var tasks = Enumerable.Range(0, 40).Select(async i =>
        {
            var request = ChatScene.Greedy(tokens[(i % 10)..(12 + i)], 30);
            if (i % 2 == 0)
            {
                return (Request: request, Answer: (ChatScene.Answer?)(await scene.AskAsync(request))[0]);
            }

            var stopAfter = random.Next(4);
            request = request with { MaxTokens = Endless, IgnoreStopTokens = true };
            using var answer = scene.Engine.Submit(request, TestContext.Current.CancellationToken);
            for (var seen = 0; seen < stopAfter; seen++)
            {
                await answer.NextAsync(TestContext.Current.CancellationToken);
            }

            answer.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ChatScene.CollectAsync(answer, request));
            return (Request: request, Answer: null);
        }).ToArray();
        foreach (var (request, answer) in await Task.WhenAll(tasks))
        {
            if (answer is not null)
            {
                Assert.Equal(ChatScene.Alone("g-llama", request).Ids, answer.Ids);
            }
        }

        Assert.Equal(0, scene.Engine.Status().Waiting);
        Assert.All(scene.Engine.Status().Slots, slot => Assert.Null(slot.Request));
    }

    [Fact]
    public async Task Choices_share_the_prompt_and_each_follows_from_its_seed()
    {
        var tokens = TestModels.TokensOf("g-llama");
        var request = ChatScene.Greedy(tokens[..40], 12) with { Choices = 3, Sampling = new SamplingOptions { Temperature = 2, Seed = 5 } };
        using var scene = new ChatScene("g-llama");
        var answers = await scene.AskAsync(request);
        Assert.Equal(0, answers[0].End!.Usage.Cached);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ChatScene.Alone("g-llama", request with { Sampling = request.Sampling with { Seed = 5 + (ulong)i } }).Ids, answers[i].Ids);
            Assert.Equal(i == 0 ? 0 : 32, answers[i].End!.Usage.Cached);
        }
    }

    [Fact]
    public async Task A_stop_string_cuts_what_is_shown()
    {
        using var scene = new ChatScene("stories");
        var text = (await scene.AskAsync(ChatScene.Greedy([1], 40)))[0].Text;
        var stop = text.Substring(20, 5);
        var cut = (await scene.AskAsync(ChatScene.Greedy([1], 40) with { StopStrings = ["\u0001", stop] }))[0];
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], cut.Text);
        Assert.Equal((AnswerEnd.Stop, stop), (cut.End!.Reason, cut.End.StopString));
        Assert.Equal(AnswerEnd.Length, (await scene.AskAsync(ChatScene.Greedy([1], 40) with { StopStrings = [text[^1] + "\u0001"] }))[0].End!.Reason);
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_logits()
    {
        var tokens = TestModels.TokensOf("g-llama")[..20];
        using var scene = new ChatScene("g-llama");
        var answer = (await scene.AskAsync(ChatScene.Greedy(tokens, 6) with { TopScores = 3, ScorePrompt = true }))[0];
        Assert.Null(answer.PromptScores[0]);
        Assert.Equal(6, answer.Scores.Count);
        int[] all = [.. tokens, .. answer.Ids];
        using var model = LoadedModel.Open("g-llama");
        var logits = model.Score(all, 64);
        for (var i = 1; i < all.Length; i++)
        {
            var row = logits.AsSpan((i - 1) * model.Vocab, model.Vocab).ToArray();
            var sum = Math.Log(row.Sum(logit => Math.Exp(logit)));
            var score = i < tokens.Length ? answer.PromptScores[i]! : answer.Scores[i - tokens.Length];
            Assert.Equal(all[i], score.Id);
            Assert.Equal(row[all[i]] - sum, score.LogProbability, 1e-4);
            Assert.Equal(row.OrderDescending().Take(3).Select(logit => (float)(logit - sum)), score.Top.Select(top => top.LogProbability), (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    [Fact]
    public async Task Embeddings_run_beside_answers_and_past_the_cache()
    {
        var tokens = TestModels.TokensOf("g-llama");
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 3, BusyChunk = 5 });
        var request = ChatScene.Greedy(tokens[..40], 20);
        var answer = await scene.AskAsync(request);
        var alone = await EmbedAsync();
        var together = await Task.WhenAll(EmbedAsync(), EmbedAsync(), EmbedAsync(), AskAsync());
        Assert.All(together[..3], one => Assert.Equal(alone.Embedding, one.Embedding));
        Assert.Equal(answer[0].Ids, together[3].Ids);
        Assert.Equal(64, alone.Embedding!.Count);
        Assert.Equal(new AnswerUsage(40, 0, 0, 0), alone.End!.Usage);

        async Task<CollectedAnswer> EmbedAsync() => await CollectAsync(request with { EmbedPrompt = true });

        async Task<CollectedAnswer> AskAsync() => await CollectAsync(request);

        async Task<CollectedAnswer> CollectAsync(ChatRequest asked)
        {
            using var running = scene.Engine.Submit(asked, TestContext.Current.CancellationToken);
            return (await CollectedAnswer.ReadAsync(running, TestContext.Current.CancellationToken))[0];
        }
    }

    [Fact]
    public async Task The_queue_has_an_end()
    {
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 1, Queue = 2, Context = Endless });
        var prompt = TestModels.TokensOf("g-llama")[..8];
        using var endless = scene.Engine.Submit(ChatScene.Greedy(prompt, Endless) with { IgnoreStopTokens = true }, TestContext.Current.CancellationToken);
        var request = ChatScene.Greedy(prompt, 20);
        var waiting = Enumerable.Range(0, 2).Select(_ => scene.Engine.Submit(request, TestContext.Current.CancellationToken)).ToArray();
        var exception = Assert.Throws<ChatException>(() => scene.Engine.Submit(request, TestContext.Current.CancellationToken));
        Assert.Equal(ChatFailure.QueueFull, exception.Failure);
        Assert.InRange(exception.RetryAfter!.Value.TotalSeconds, 1, 60);
        Assert.Equal(3, scene.Engine.Pending);
        endless.Cancel();
        foreach (var answer in waiting)
        {
            Assert.Equal(20, (await ChatScene.CollectAsync(answer, request))[0].Ids.Count);
            answer.Dispose();
        }
    }

    [Fact]
    public void Prompts_that_cannot_be_run_are_refused()
    {
        using var scene = new ChatScene("g-llama");
        Assert.Equal(ChatFailure.ContextLength, Refused<ChatException>(ChatScene.Greedy(new int[128])).Failure);
        Assert.Contains("at least one", Refused<ArgumentException>(ChatScene.Greedy([])).Message, StringComparison.Ordinal);
        Assert.Contains("512", Refused<ArgumentException>(ChatScene.Greedy([512])).Message, StringComparison.Ordinal);
        var banned = ChatScene.Greedy([1]) with { Sampling = new SamplingOptions { LogitBias = new Dictionary<int, float> { [600] = 1 } } };
        Assert.Contains("600", Refused<ArgumentException>(banned).Message, StringComparison.Ordinal);

        T Refused<T>(ChatRequest request)
            where T : Exception => Assert.Throws<T>(() => scene.Engine.Submit(request, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Draining_lets_answers_end_and_refuses_new_ones()
    {
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 1, Context = Endless });
        var request = ChatScene.Greedy(TestModels.TokensOf("g-llama")[..8], 3000) with { IgnoreStopTokens = true };
        using var running = scene.Engine.Submit(request, TestContext.Current.CancellationToken);
        Assert.IsType<PrefillUpdate>(await running.NextAsync(TestContext.Current.CancellationToken));
        using var waiting = scene.Engine.Submit(request, TestContext.Current.CancellationToken);
        var draining = scene.Engine.DrainAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(ChatFailure.Stopping, Assert.Throws<ChatException>(() => scene.Engine.Submit(request, TestContext.Current.CancellationToken)).Failure);
        Assert.Equal(ChatFailure.Stopping, (await Assert.ThrowsAsync<ChatException>(() => ChatScene.CollectAsync(waiting, request))).Failure);
        Assert.Equal(3000, (await ChatScene.CollectAsync(running, request))[0].Ids.Count);
        await draining;
    }

    [Fact]
    public async Task Draining_cancels_what_takes_too_long()
    {
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 1, Context = Endless });
        var request = ChatScene.Greedy(TestModels.TokensOf("g-llama")[..8], Endless) with { IgnoreStopTokens = true };
        using var running = scene.Engine.Submit(request, TestContext.Current.CancellationToken);
        await running.NextAsync(TestContext.Current.CancellationToken);
        await scene.Engine.DrainAsync(TimeSpan.Zero);
        Assert.Equal(ChatFailure.Stopping, (await Assert.ThrowsAsync<ChatException>(() => ChatScene.CollectAsync(running, request))).Failure);
    }

    [Fact]
    public async Task Prompts_go_in_small_pieces_while_others_generate()
    {
        using var scene = new ChatScene("g-llama", options => options with { Parallel = 2, BusyChunk = 5, Context = Endless });
        var tokens = TestModels.TokensOf("g-llama");
        using var first = scene.Engine.Submit(ChatScene.Greedy(tokens[..8], Endless) with { IgnoreStopTokens = true }, TestContext.Current.CancellationToken);
        while (await first.NextAsync(TestContext.Current.CancellationToken) is not PieceUpdate)
        {
        }

        var second = (await scene.AskAsync(ChatScene.Greedy(tokens[10..50], 2)))[0];
        Assert.Equal([5, 10, 15, 20, 25, 30, 35, 40], second.Prefill.Select(update => update.Processed));
    }

    [Fact]
    public async Task What_waits_too_long_is_given_up()
    {
        using var scene = new ChatScene("g-llama", options => options with { QueueTimeout = TimeSpan.Zero });
        var exception = await Assert.ThrowsAsync<ChatException>(() => scene.AskAsync(ChatScene.Greedy([5, 6])));
        Assert.Equal(ChatFailure.QueueTimeout, exception.Failure);
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_cut_off()
    {
        using var scene = new ChatScene("g-llama", options => options with { AnswerTimeout = TimeSpan.Zero, Context = Endless });
        var answer = (await scene.AskAsync(ChatScene.Greedy([5, 6], Endless) with { IgnoreStopTokens = true }))[0];
        Assert.Equal(AnswerEnd.Length, answer.End!.Reason);
        Assert.InRange(answer.End.Usage.Completion, 0, 10);
    }

    [Fact]
    public async Task A_step_that_fails_ends_its_answers_with_the_reason_and_the_next_request_works()
    {
        using var folder = new Checkpoints.TemporaryFolder();
        var path = folder.File("nan.gguf");
        PatchedModel.Write("g-llama", "token_embd.weight", path, bytes => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)[..(bytes.Length / 4 / 512)].Fill(float.NaN));
        using var scene = new ChatScene(path);
        var exception = await Assert.ThrowsAsync<ChatException>(() => scene.AskAsync(ChatScene.Greedy([0, 6])));
        Assert.Equal(ChatFailure.Failed, exception.Failure);
        Assert.Contains("not finite", exception.Message, StringComparison.Ordinal);
        Assert.NotEmpty((await scene.AskAsync(ChatScene.Greedy([5, 6]) with { IgnoreStopTokens = true }))[0].Ids);
    }

    [Fact]
    public async Task An_empty_turn_is_generated_again_with_another_seed()
    {
        var lines = new List<string>();
        using var plain = new ChatScene("stories");
        using var retrying = new ChatScene("stories", options => options with { EmptyTurnRetries = 3, Log = lines.Add });
        var stop = plain.Tokenizer.StopIds[0];
        var prompt = new List<int>();
        plain.Tokenizer.Encode("Once upon a time", prompt, TextTrust.Untrusted);
        var conversation = new PromptRequest([new ChatMessage("user", "Once upon a time")]);
        var (mended, whole) = (0, 0);
        foreach (var bias in new[] { 0f, 18f, 22f, 26f, 30f, 40f })
        {
            for (var seed = 1UL; seed <= 12; seed++)
            {
                ChatRequest Request(ulong with) => new()
                {
                    Prompt = prompt,
                    Conversation = conversation,
                    MaxTokens = 6,
                    Sampling = new SamplingOptions { Temperature = 1.5f, Seed = with, LogitBias = new Dictionary<int, float> { [stop] = bias } },
                };

                // The first of four attempts that says something, or the last.
                var expected = await plain.AskAsync(Request(seed));
                var attempts = 0;
                while (expected[0].Text.Trim().Length == 0 && attempts < 3)
                {
                    expected = await plain.AskAsync(Request(seed + (ulong)++attempts));
                }

                lines.Clear();
                var answer = (await retrying.AskAsync(Request(seed)))[0];
                Assert.Equal(expected[0].Text, answer.Text);
                Assert.Equal(attempts, lines.Count);
                (mended, whole) = (mended + (attempts > 0 && answer.Text.Trim().Length > 0 ? 1 : 0), whole + (attempts == 0 ? 1 : 0));
            }
        }

        Assert.True(mended > 0 && whole > 0, $"{mended} mended, {whole} whole at once");
        Assert.True(retrying.Engine.Status().RepeatedTurns >= mended);
        Assert.Equal(0, plain.Engine.Status().RepeatedTurns);

        // Where nothing is drawn at random, another attempt would give the same.
        lines.Clear();
        var greedy = new ChatRequest { Prompt = prompt, Conversation = conversation, MaxTokens = 6, Sampling = new SamplingOptions { Temperature = 0, LogitBias = new Dictionary<int, float> { [stop] = 100 } } };
        Assert.Equal("", (await retrying.AskAsync(greedy))[0].Text);
        Assert.Empty(lines);
    }
}

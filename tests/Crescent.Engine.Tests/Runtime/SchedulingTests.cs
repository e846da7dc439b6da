using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

public sealed class SchedulingTests
{
    private const int PageTokens = 32;

    // Absorbed: tokens that are computed again take the same form of attention as when they were generated.
    private static readonly ModelOptions s_options = LoadedModel.Plain with { Mla = MlaForm.Absorbed };

    public static TheoryData<string> Models => TestModels.Rows(TestModels.OnePerArchitecture);

    [Theory]
    [MemberData(nameof(Models))]
    public void Out_of_pages_the_youngest_starts_again_and_gives_the_same_answer(string name)
    {
        using var model = LoadedModel.Open(name, s_options);
        var tokens = TestModels.TokensOf(name);
        var requests = new[] { Recording.Greedy(tokens[..28], 60), Recording.Greedy(tokens[30..60], 60) };
        using var generator = model.Generator(sequences: 2, pages: 4); // each alone takes 3
        var (older, younger) = (generator.Add(requests[0]), generator.Add(requests[1]));
        var (restarts, computed) = (0, 0);
        for (var step = 0; generator.Step(); step++)
        {
            Assert.True(step < 1000);
            Assert.True(older.Computed >= older.Length - 1 || older.FinishReason is not null, "the older sequence lost its pages");
            restarts += younger.Computed < computed ? 1 : 0;
            computed = younger.Computed;
            generator.Pages.CheckIntegrity();
        }

        Assert.InRange(restarts, 1, 10);
        Assert.Equal(Recording.RunAlone(model, requests[0]).Sequence.Tokens.ToArray(), older.Tokens.ToArray());
        Assert.Equal(Recording.RunAlone(model, requests[1]).Sequence.Tokens.ToArray(), younger.Tokens.ToArray());
        Assert.Equal(4, generator.Pages.Available);
    }

    [Fact]
    public void A_sequence_that_no_pool_of_pages_can_hold_ends_where_they_end()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(context: 128, pages: 2);
        var sequence = generator.Add(Recording.Greedy(TestModels.Tokens()[..40], 80));
        generator.Run(sequence, TestContext.Current.CancellationToken);
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.Equal((2 * PageTokens) + 1, sequence.Tokens.Length); // the last token's key is never stored
        var large = generator.Add(Recording.Greedy([.. TestModels.Tokens(), .. TestModels.Tokens()[..10]], 5));
        generator.Run(large, TestContext.Current.CancellationToken);
        Assert.Equal(FinishReason.Length, large.FinishReason);
        Assert.True(large.GeneratedTokens.IsEmpty);
    }

    [Fact]
    public void Generating_sequences_go_on_while_a_long_prompt_is_read()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(sequences: 2, chunk: 4);
        var stream = generator.Add(Recording.Greedy([1, 2], 30));
        generator.Step();
        generator.Add(Recording.Greedy(TestModels.Tokens()[..40], 2));
        for (var i = 0; i < 10; i++)
        {
            var before = stream.GeneratedTokens.Length;
            Assert.True(generator.Step());
            Assert.Equal(5, generator.LastStepTokens);
            Assert.Equal(before + 1, stream.GeneratedTokens.Length);
        }
    }

    [Fact]
    public void More_sequences_than_run_at_once_wait_their_turn()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(sequences: 2);
        var sequences = Enumerable.Range(0, 7).Select(i => generator.Add(Recording.Greedy([1 + i, 2], 3 + i))).ToArray();
        while (generator.Step())
        {
            Assert.InRange(generator.LastStepTokens, 0, 4);
        }

        Assert.All(sequences, (sequence, i) => Assert.Equal(3 + i, sequence.GeneratedTokens.Length));
    }

    [Theory]
    [InlineData("g-llama")]
    [InlineData("tiny-kimi-linear")]
    public void Evicted_pages_never_serve_another_prompt(string name)
    {
        using var model = LoadedModel.Open(name, s_options);
        // Prompts that share first pages, second pages after another first, and nothing, through a pool that holds two of them.
        var (a, b, c) = (Page(1), Page(2), Page(3));
        int[][] prompts = [[.. a, .. b, 5], [.. b, .. b, 5], [.. a, .. c, 5], [.. c, .. a, 6], [.. b, .. a, 6], [.. a, .. b, 7]];
        var expected = prompts.Select(prompt => Recording.RunAlone(model, Recording.Greedy(prompt, 4))).ToArray();
        using var generator = model.Generator(pages: 5);
        var (random, hits) = (new Random(3), 0);
        for (var round = 0; round < 40; round++)
        {
            var i = random.Next(prompts.Length);
            var recording = Recording.Run(model, generator, Recording.Greedy(prompts[i], 4))[0];
            Recording.AssertSame(expected[i], recording);
            hits += recording.Sequence.CachedTokens > 0 ? 1 : 0;
        }

        Assert.InRange(hits, 5, 39);

        static int[] Page(int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, PageTokens).Select(_ => random.Next(1, 500))];
        }
    }

    [Theory]
    [InlineData("g-llama")]
    [InlineData("tiny-kimi-linear")]
    public void A_prompt_shares_pages_with_one_that_is_still_running(string name)
    {
        using var model = LoadedModel.Open(name, s_options);
        using var generator = model.Generator(sequences: 2);
        var first = generator.Add(Recording.Greedy(TestModels.Tokens()[..50], 40));
        generator.Step();
        var second = generator.Add(Recording.Greedy(TestModels.Tokens()[..45], 10));
        generator.Step();
        Assert.Equal(32, second.CachedTokens);
        Assert.Null(first.FinishReason);
        generator.Run(second, TestContext.Current.CancellationToken);
        Assert.Equal(Recording.RunAlone(model, Recording.Greedy(TestModels.Tokens()[..45], 10)).Sequence.Tokens.ToArray(), second.Tokens.ToArray());
    }

    [Theory]
    [InlineData("g-llama-tied-q", 1)]
    [InlineData("g-qwen3moe-q", 2)]
    [InlineData("g-deepseek-v2-lite", 3)]
    [InlineData("tiny-kimi-linear", 4)]
    public void The_pool_stays_in_balance_through_a_soak(string name, int seed)
    {
        const int Pages = 7;
        using var model = LoadedModel.Open(name, s_options);
        using var generator = model.Generator(context: 96, sequences: 4, chunk: 13, pages: Pages);
        var random = new Random(seed);
        var tokens = TestModels.Tokens();
        var live = new List<Sequence>();
        var finished = new List<Sequence>();
        for (var step = 0; step < 400; step++)
        {
            if (live.Count < 6 && random.Next(4) == 0)
            {
                // Half of the prompts begin alike.
                var start = random.Next(2) == 0 ? 0 : random.Next(20);
                live.Add(generator.Add(Recording.Greedy(tokens[start..(start + random.Next(1, 44))], random.Next(1, 40))));
            }

            if (live.Count > 0 && random.Next(25) == 0)
            {
                Generator.Cancel(live[random.Next(live.Count)]);
            }

            generator.Step();
            generator.Pages.CheckIntegrity();
            finished.AddRange(live.Where(sequence => sequence.FinishReason is not null));
            live.RemoveAll(sequence => sequence.FinishReason is not null);
        }

        while (generator.Step())
        {
            generator.Pages.CheckIntegrity();
        }

        finished.AddRange(live);
        Assert.Equal(Pages, generator.Pages.Available);
        Assert.Contains(finished, sequence => sequence.CachedTokens > 0);
        Assert.Contains(finished, sequence => sequence.FinishReason == FinishReason.Cancelled);
        Assert.True(finished.Count > 20);
        Assert.DoesNotContain(finished, sequence => sequence.FinishReason is null or FinishReason.Failed);
        foreach (var sequence in finished.Where(sequence => sequence.FinishReason == FinishReason.Length))
        {
            var alone = Recording.RunAlone(model, sequence.Request, context: 96);
            Assert.Equal(alone.Sequence.Tokens.ToArray(), sequence.Tokens.ToArray());
        }
    }
}

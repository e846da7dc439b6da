using System.Text.Json;
using Crescent.Engine.Models;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Engine.Runtime.Speculation;
using Crescent.Tests.Models;
using Crescent.Text.Grammars;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>Guessing ahead must change nothing but the steps that an answer takes.</summary>
public sealed class SpeculationTests
{
    private static readonly SpeculationOptions s_eager = new() { MostTokens = 5, IsAdaptive = false };

    public static TheoryData<string> AllModels => TestModels.Rows(TestModels.All);

    public static TheoryData<string, SamplingOptions> Kinds => new()
    {
        { "greedy", new SamplingOptions { Temperature = 0 } },
        { "warm", new SamplingOptions { Temperature = 0.3f, Seed = 3 } },
        { "hot", new SamplingOptions { Temperature = 1.5f, TopP = 0.9f, Seed = 4 } },
        { "cuts", new SamplingOptions { Temperature = 0.5f, TopK = 20, MinP = 0.02f, XtcProbability = 0.5f, XtcThreshold = 0.1f, Seed = 5 } },
        { "penalties", new SamplingOptions { Temperature = 0, RepetitionPenalty = 1.1f, PresencePenalty = 0.2f, FrequencyPenalty = 0.1f, Seed = 6 } },
        { "dry", new SamplingOptions { Temperature = 0.4f, DryMultiplier = 0.8f, Seed = 7 } },
    };

    [Theory]
    [MemberData(nameof(AllModels))]
    public void Every_model_gives_the_same_tokens(string name)
    {
        using var model = LoadedModel.Open(name);
        var tokens = TestModels.TokensOf(name);
        int[] repetitive = [.. tokens[..7], .. tokens[..7], .. tokens[..5]];
        foreach (var prompt in new[] { tokens[..20], repetitive })
        {
            var request = Recording.Greedy(prompt, 60);
            AssertSame(Run(model, null, request)[0], Run(model, s_eager, request)[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_way_of_sampling_gives_the_same_tokens(string kind, SamplingOptions sampling)
    {
        Assert.NotEmpty(kind);
        using var model = Stories();
        var drafted = 0;
        foreach (var text in (string[])["Once upon a time", "Tom saw a red ball. Tom saw a red ball. Tom saw a red"])
        {
            foreach (var options in (SpeculationOptions[])[s_eager, new SpeculationOptions()])
            {
                var request = Ask(model, text, 100) with { Sampling = sampling, TopScores = 2 };
                var (plain, ahead) = (Run(model, null, request)[0], Run(model, options, request)[0]);
                AssertSame(plain, ahead);
                Assert.Equal(plain.GeneratedScores.Select(score => (score.Id, score.LogProbability)), ahead.GeneratedScores.Select(score => (score.Id, score.LogProbability)));
                drafted += ahead.DraftedTokens;
            }
        }

        Assert.True(drafted > 0, "expected guesses, found none");
    }

    [Fact]
    public void Guesses_about_a_repetition_come_true_and_save_steps()
    {
        using var model = Stories();
        var prompt = Ask(model, "Tom saw a red ball. Tom saw a red ball. Tom saw a red ball. Tom saw", 1);
        // What follows in the prompt's repetition is made the likeliest: the model itself need not repeat.
        var bias = prompt.Prompt.Distinct().ToDictionary(id => id, _ => 4f);
        var request = prompt with { MaxTokens = 120, Sampling = new SamplingOptions { Temperature = 0, LogitBias = bias } };
        var plain = Run(model, null, request, out var plainSteps)[0];
        var ahead = Run(model, new SpeculationOptions(), request, out var steps)[0];
        AssertSame(plain, ahead);
        Assert.Equal(0, plain.DraftedTokens);
        Assert.InRange(ahead.AcceptedTokens, 1, ahead.DraftedTokens);
        Assert.Equal(plainSteps - ahead.AcceptedTokens, steps);
        Assert.True(steps < plainSteps * 2 / 3, $"expected far fewer than {plainSteps} steps, found {steps}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void A_short_room_is_filled_exactly(int maxTokens)
    {
        using var model = LoadedModel.Open("g-llama");
        int[] prompt = [.. Enumerable.Repeat(TestModels.Tokens()[..4], 5).SelectMany(tokens => tokens)];
        var request = Recording.Greedy(prompt, maxTokens);
        AssertSame(Run(model, null, request)[0], Run(model, s_eager, request)[0]);
        request = Recording.Greedy(prompt, 1000); // to the end of the context
        var ahead = Run(model, s_eager, context: prompt.Length + maxTokens, requests: [request])[0];
        AssertSame(Run(model, null, context: prompt.Length + maxTokens, requests: [request])[0], ahead);
        Assert.Equal(maxTokens, ahead.GeneratedTokens.Length);
    }

    [Theory]
    [InlineData("g-llama")]
    [InlineData("g-kimi-k2-q4_0")]
    [InlineData("g-qwen3moe-q")]
    public void Many_together_equal_each_alone_though_pages_run_short(string name)
    {
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Mla = MlaForm.Absorbed });
        var tokens = TestModels.TokensOf(name);
        var requests = Enumerable.Range(0, 6).Select(i => Recording.Greedy([.. tokens[i..(i + 4)], .. tokens[i..(i + 4)], .. tokens[i..(i + 4)]], 20 + (7 * i))).ToArray();
        foreach (var pages in (int[])[0, 6])
        {
            var together = Run(model, s_eager, requests: requests, sequences: 4, pages: pages);
            for (var i = 0; i < requests.Length; i++)
            {
                AssertSame(Run(model, null, requests[i])[0], together[i]);
            }
        }
    }

    [Fact]
    public void A_stop_string_cuts_in_the_middle_of_what_a_step_brings()
    {
        using var model = Stories();
        var request = Ask(model, "Tom saw a red ball. Tom saw a red ball. Tom saw", 80);
        var whole = Text(model, null, request);
        for (var at = 5; at + 4 < whole.Length; at += 9)
        {
            var cut = request with { StopStrings = [whole.Substring(at, 4)] };
            Assert.Equal(Text(model, null, cut), Text(model, s_eager, cut));
            AssertSame(Run(model, null, cut)[0], Run(model, s_eager, cut)[0]);
        }
    }

    [Fact]
    public void An_answer_that_is_cut_from_outside_keeps_the_tokens_up_to_the_cut()
    {
        using var model = LoadedModel.Open("g-llama");
        var request = Recording.Greedy([.. Enumerable.Repeat(TestModels.Tokens()[..4], 5).SelectMany(tokens => tokens)], 60) with { TopScores = 1 };
        var whole = Run(model, null, request)[0];
        for (var cut = 1; cut < 30; cut++)
        {
            using var generator = Create(model, s_eager);
            var sequence = generator.Add(request);
            while (sequence.GeneratedTokens.Length < cut)
            {
                generator.Step();
            }

            Generator.Stop(sequence, cut);
            generator.Step();
            Assert.Equal(whole.GeneratedTokens[..cut].ToArray(), sequence.GeneratedTokens.ToArray());
            Assert.Equal(cut, sequence.GeneratedScores.Count);
            Assert.Equal(FinishReason.Stop, sequence.FinishReason);
            generator.Pages.CheckIntegrity();
            // What it leaves in the cache serves as if nothing had been guessed.
            AssertSame(Run(model, null, Recording.Greedy(sequence.Tokens.ToArray(), 20))[0], Finish(generator, Recording.Greedy(sequence.Tokens.ToArray(), 20)));
        }
    }

    [Fact]
    public void A_cancelled_step_leaves_only_what_was_computed_before()
    {
        using var model = LoadedModel.Open("g-llama");
        var request = Recording.Greedy([.. Enumerable.Repeat(TestModels.Tokens()[..4], 5).SelectMany(tokens => tokens)], 60);
        var whole = Run(model, null, request)[0];
        using var generator = Create(model, s_eager, sequences: 2);
        for (var steps = 1; steps < 12; steps++)
        {
            var cancelled = generator.Add(request);
            var other = generator.Add(request);
            for (var i = 0; i < steps; i++)
            {
                generator.Step();
            }

            Generator.Cancel(cancelled);
            while (other.FinishReason is null)
            {
                generator.Step();
            }

            Assert.Equal(whole.Tokens.ToArray(), other.Tokens.ToArray());
            Assert.True(whole.Tokens.StartsWith(cancelled.Tokens));
            generator.Pages.CheckIntegrity();
        }
    }

    [Fact]
    public void Constraints_see_every_token_once_and_forbid_guesses()
    {
        using var model = LoadedModel.OpenFile(SharedData.Path("golden-models", "g-kimi-k2.gguf"));
        var tokenizer = ConstraintTests.ByteTokenizer();
        var schema = JsonDocument.Parse("""{"type":"array","items":{"type":"object","properties":{"city":{"enum":["Bern","Basel"]},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city","days"]},"minItems":4,"maxItems":6}""").RootElement;
        var compiled = Grammar.FromJsonSchema(schema).Compile(new GrammarVocabulary(tokenizer));
        var (drafted, accepted) = (0, 0);
        for (var seed = 0; seed < 12; seed++)
        {
            var plain = Run(model, null, context: 512, requests: [Ask(seed)])[0];
            var ahead = Run(model, s_eager, context: 512, requests: [Ask(seed)])[0];
            AssertSame(plain, ahead);
            Assert.Equal(FinishReason.Stop, ahead.FinishReason);
            (drafted, accepted) = (drafted + ahead.DraftedTokens, accepted + ahead.AcceptedTokens);
        }

        Assert.InRange(accepted, 1, drafted);

        GenerationRequest Ask(int seed) => new()
        {
            Prompt = [1, 2, 3],
            MaxTokens = 300,
            StopTokens = [257],
            Sampling = new SamplingOptions { Seed = (ulong)seed },
            Constraint = compiled.CreateConstraint([257], 300),
        };
    }

    [Fact]
    public void Models_that_cannot_go_back_draft_nothing()
    {
        using var model = LoadedModel.Open("tiny-kimi-linear");
        var request = Recording.Greedy([.. Enumerable.Repeat(TestModels.TokensOf("tiny-kimi-linear")[..4], 5).SelectMany(tokens => tokens)], 40);
        var ahead = Run(model, s_eager, request)[0];
        Assert.Equal(0, ahead.DraftedTokens);
        AssertSame(Run(model, null, request)[0], ahead);
    }

    private static LoadedModel Stories() => LoadedModel.OpenFile(SharedData.Path("weights", "stories260K", "stories260K.gguf"));

    private static GenerationRequest Ask(LoadedModel model, string text, int tokens) =>
        Recording.Greedy(model.Tokenizer().Encode(text), tokens);

    private static Generator Create(LoadedModel model, SpeculationOptions? speculation, int context = 256, int sequences = 1, int pages = 0) =>
        new(model.Model, model.Tokenizer(), new GeneratorOptions { Context = context, MaxSequences = sequences, MaxCachePages = pages, Speculation = speculation });

    private static Sequence[] Run(LoadedModel model, SpeculationOptions? speculation, params GenerationRequest[] requests) => Run(model, speculation, requests, 256, 1, 0, out _);

    private static Sequence[] Run(LoadedModel model, SpeculationOptions? speculation, GenerationRequest request, out int steps) => Run(model, speculation, [request], 256, 1, 0, out steps);

    private static Sequence[] Run(LoadedModel model, SpeculationOptions? speculation, GenerationRequest[] requests, int context = 256, int sequences = 1, int pages = 0) =>
        Run(model, speculation, requests, context, sequences, pages, out _);

    private static Sequence[] Run(LoadedModel model, SpeculationOptions? speculation, GenerationRequest[] requests, int context, int sequences, int pages, out int steps)
    {
        using var generator = Create(model, speculation, context, sequences, pages);
        var running = Array.ConvertAll(requests, generator.Add);
        for (steps = 0; generator.Step(); steps++)
        {
        }

        generator.Pages.CheckIntegrity();
        return running;
    }

    private static Sequence Finish(Generator generator, GenerationRequest request)
    {
        var sequence = generator.Add(request);
        generator.Run(sequence, TestContext.Current.CancellationToken);
        return sequence;
    }

    private static string Text(LoadedModel model, SpeculationOptions? speculation, GenerationRequest request) => Run(model, speculation, request)[0].TakeText();

    private static void AssertSame(Sequence expected, Sequence actual)
    {
        Assert.Equal(expected.Tokens.ToArray(), actual.Tokens.ToArray());
        Assert.Equal((expected.FinishReason, expected.Error, expected.Computed), (actual.FinishReason, actual.Error, actual.Computed));
    }
}

using System.Text.Json;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Crescent.Text.Grammars;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>Constraints in the decode loop.</summary>
public sealed class ConstraintTests
{
    public static TheoryData<string, SamplingOptions> Settings => new()
    {
        { "greedy", new() { Temperature = 0 } },
        { "plain", new() { Seed = 1 } },
        { "top-k", new() { Seed = 2, TopK = 40 } },
        { "top-p", new() { Seed = 3, TopP = 0.9f, MinP = 0.02f } },
        { "typical", new() { Seed = 4, TypicalP = 0.8f } },
        { "xtc", new() { Seed = 5, XtcProbability = 1, XtcThreshold = 0.05f } },
        { "penalties", new() { Seed = 6, RepetitionPenalty = 1.5f, FrequencyPenalty = 1, PresencePenalty = -1, DryMultiplier = 2, DryAllowedLength = 1 } },
        { "hot", new() { Seed = 7, Temperature = 50 } },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void No_setting_of_the_sampler_yields_a_token_outside(string name, SamplingOptions sampling)
    {
        Assert.NotEmpty(name);
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(context: 256);
        var constraint = new EverySeventh();
        var sequence = generator.Add(Recording.Greedy(TestModels.Tokens()[..10], 60) with { Sampling = sampling, Constraint = constraint });
        generator.Run(sequence, CancellationToken.None);
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.Equal(60, sequence.GeneratedTokens.Length);
        Assert.Equal(sequence.GeneratedTokens.ToArray(), constraint.Accepted);
        Assert.All(sequence.GeneratedTokens.ToArray(), token => Assert.Equal(3, token % 7));
        Assert.Equal(60, constraint.FirstTokensLeft);
    }

    [Fact]
    public void A_mask_without_any_token_ends_the_answer_with_an_error()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(context: 256);
        var sequence = generator.Add(Recording.Greedy(TestModels.Tokens()[..10], 60) with { Constraint = new EverySeventh { DriesUpAfter = 5 } });
        generator.Run(sequence, CancellationToken.None);
        Assert.Equal(FinishReason.Failed, sequence.FinishReason);
        Assert.Equal(5, sequence.GeneratedTokens.Length);
        Assert.Contains("no token to choose", sequence.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_cannot_be_completed_in_its_tokens_is_refused_before_it_begins()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(context: 256);
        var request = Recording.Greedy(TestModels.Tokens()[..10], 60) with { Constraint = new EverySeventh { TokensNeeded = 61 } };
        Assert.Contains("needs 61 tokens", Assert.Throws<ArgumentException>(() => generator.Add(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_random_model_writes_json_of_a_schema()
    {
        using var model = LoadedModel.OpenFile(SharedData.Path("golden-models", "g-kimi-k2.gguf"));
        var tokenizer = ByteTokenizer();
        using var generator = model.Generator(tokenizer: tokenizer, context: 256);
        var schema = JsonDocument.Parse("""{"type":"object","properties":{"city":{"type":"string","maxLength":20},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city","days"]}""").RootElement;
        var compiled = Grammar.FromJsonSchema(schema).Compile(new GrammarVocabulary(tokenizer));
        for (var seed = 0; seed < 20; seed++)
        {
            var tokens = compiled.TokensNeeded + (3 * seed);
            var sequence = generator.Add(new GenerationRequest
            {
                Prompt = [1, 2, 3],
                MaxTokens = tokens,
                StopTokens = [257],
                Sampling = new SamplingOptions { Seed = (ulong)seed },
                Constraint = compiled.CreateConstraint([257], tokens),
            });
            generator.Run(sequence, CancellationToken.None);
            Assert.Equal(FinishReason.Stop, sequence.FinishReason);
            using var answer = JsonDocument.Parse(sequence.TakeText());
            Assert.InRange(answer.RootElement.GetProperty("days").GetInt32(), 1, 14);
            Assert.InRange(answer.RootElement.GetProperty("city").GetString()!.EnumerateRunes().Count(), 0, 20);
        }
    }

    private const string Stop = "<|stop|>";

    // Every byte, two of them together, and a stop token.
    internal static Tokenizer ByteTokenizer()
    {
        string[] tokens = [.. Enumerable.Range(0, 256).Select(value => char.ToString((char)(Prints(value) ? value : 256 + Enumerable.Range(0, value).Count(other => !Prints(other))))), "ab", Stop];
        return TokenizerFactory.FromGguf(new GgufVocabulary
        {
            Model = "gpt2",
            Pre = "gpt-2",
            Tokens = tokens,
            TokenTypes = [.. tokens.Select(token => token == Stop ? 3 : 1)],
            Merges = ["a b"],
        });

        static bool Prints(int value) => value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
    }

    private sealed class EverySeventh : ITokenConstraint
    {
        public int DriesUpAfter { get; init; } = int.MaxValue;

        public int TokensNeeded { get; init; }

        public List<int> Accepted { get; } = [];

        public int FirstTokensLeft { get; private set; }

        public bool TryFill(Span<ulong> mask, int tokensLeft)
        {
            FirstTokensLeft = Math.Max(FirstTokensLeft, tokensLeft);
            mask.Clear();
            for (var id = 3; id < 512 && Accepted.Count < DriesUpAfter; id += 7)
            {
                mask[id >> 6] |= 1UL << (id & 63);
            }

            return true;
        }

        public void Accept(int token) => Accepted.Add(token);
    }
}

using Crescent.Engine.Runtime.Scoring;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime.Scoring;

public sealed class ScoringPassTests
{
    private const string Name = "g-kimi-k2-q4_0";

    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 0)]
    [InlineData(7, 20)]
    [InlineData(64, 63)]
    [InlineData(64, 64)]
    public void Visited_positions_have_the_logits_of_the_whole_text(int chunk, int firstVisited)
    {
        using var model = LoadedModel.Open(Name);
        var tokens = TestModels.Tokens();
        var expected = model.Score(tokens, 64);
        using var pass = new ScoringPass(model.Model, tokens, chunk, firstVisited);
        var next = firstVisited;
        while (pass.Step(TestContext.Current.CancellationToken))
        {
            for (var (position, end) = pass.Visited; position < end; position++)
            {
                Assert.Equal(next++, position);
                Logits.AssertSameBits(expected.AsSpan(position * model.Vocab, model.Vocab), pass.LogitsOf(position));
            }
        }

        Assert.Equal(tokens.Length, next);
        Assert.False(pass.Step(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_base_is_led_through_the_text_beside_the_model()
    {
        // Steps of different length, so that rows are not asked for as the base's steps end.
        using var model = LoadedModel.Open(Name);
        using var other = LoadedModel.Open(Name, LoadedModel.Plain with { MaxBatchTokens = 5 });
        var tokens = TestModels.Tokens();
        var expected = model.Score(tokens, 64);
        using var logits = new ModelBase(other.Model);
        foreach (var first in (int[])[0, 13])
        {
            logits.Begin(tokens, new ScoringWindow(0, tokens.Length, first, tokens.Length - 1 - first, ReplaceFirst: false));
            for (var position = first; position < tokens.Length - 1; position++)
            {
                Logits.AssertSameBits(expected.AsSpan(position * model.Vocab, model.Vocab), logits.Row(position, TestContext.Current.CancellationToken));
            }
        }
    }

    [Fact]
    public void Wrong_calls_are_refused()
    {
        using var model = LoadedModel.Open(Name);
        Assert.Throws<ArgumentException>(() => new ScoringPass(model.Model, [], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScoringPass(model.Model, [1], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScoringPass(model.Model, [1], 65));
        using var pass = new ScoringPass(model.Model, [1, 2, 3], 2, firstVisited: 1);
        pass.Step(TestContext.Current.CancellationToken);
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.LogitsOf(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.LogitsOf(2).Length);
        Assert.Throws<OperationCanceledException>(() => pass.Step(new CancellationToken(canceled: true)));
    }
}

using Crescent.Engine.Runtime.Scoring;
using Xunit;

namespace Crescent.Tests.Runtime.Scoring;

public sealed class ScoringWindowTests
{
    public static TheoryData<int, int> Lengths
    {
        get
        {
            var rows = new TheoryData<int, int>();
            foreach (var context in (int[])[4, 5, 8, 31])
            {
                foreach (var tokens in (int[])[2, 3, 4, 5, 6, 15, 16, 17, 100, 101])
                {
                    rows.Add(tokens, context);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_token_but_the_first_is_predicted_once_with_half_a_context_before_it(int tokens, int context)
    {
        var predicted = new List<int>();
        foreach (var window in ScoringWindow.EveryTokenOnce(tokens, context, addBos: true))
        {
            Assert.InRange(window.Length, 2, context);
            Assert.True(window.Start + window.Length <= tokens);
            Assert.Equal(window.Length - 1 - window.FirstScored, window.Scored);
            Assert.Equal(window.Start > 0, window.ReplaceFirst);
            for (var position = window.FirstScored; position < window.FirstScored + window.Scored; position++)
            {
                var token = window.Start + position + 1;
                predicted.Add(token);
                Assert.True(position + 1 >= Math.Min(token, context / 2), $"token {token} has {position + 1} before it");
            }
        }

        Assert.Equal(Enumerable.Range(1, tokens - 1), predicted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_text_without_a_second_token_has_nothing_to_predict(int tokens) =>
        Assert.Empty(ScoringWindow.EveryTokenOnce(tokens, 8, addBos: false));

    [Fact]
    public void Second_halves_are_llama_cpps()
    {
        // 25 tokens in contexts of 8: three of them, positions 4, 5 and 6 predict tokens 5, 6 and 7 of each; the last token is left out.
        var windows = ScoringWindow.SecondHalves(25, 8, addBos: true);
        Assert.Equal([new(0, 8, 4, 3, true), new(8, 8, 4, 3, true), new(16, 8, 4, 3, true)], windows);
        Assert.Equal(new ScoringWindow(0, 9, 4, 4, false), ScoringWindow.SecondHalves(18, 9, addBos: false).First());
    }

    [Fact]
    public void Second_halves_need_two_contexts()
    {
        var exception = Assert.Throws<ArgumentException>(() => ScoringWindow.SecondHalves(15, 8, addBos: true));
        Assert.Contains("16 tokens, found 15", exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, ScoringWindow.SecondHalves(16, 8, addBos: true).Count());
        Assert.Throws<ArgumentException>(() => ScoringWindow.SecondHalves(2_000_000_000, 2_000_000_000, addBos: true)); // no overflow on the way
    }

    [Fact]
    public void A_plan_puts_the_start_token_where_a_window_asks_for_it()
    {
        var plan = new ScoringPlan([7, 8, 9, 10, 11, 12], [new(0, 4, 0, 3, false), new(2, 4, 1, 2, true)], bosId: 1);
        Assert.Equal([7, 8, 9, 10], plan.TokensOf(plan.Windows[0]));
        Assert.Equal([1, 10, 11, 12], plan.TokensOf(plan.Windows[1]));
        Assert.Equal(9, plan.Tokens[2]);
        Assert.Equal(5, plan.Rows);
        Assert.Throws<ArgumentException>(() => new ScoringPlan([7, 8], [new(0, 2, 0, 1, true)], bosId: null));
        Assert.Throws<ArgumentException>(() => new ScoringPlan([7, 8], [], bosId: 1));
    }

    [Fact]
    public void A_plans_hash_tells_texts_and_cuts_apart()
    {
        ScoringWindow[] windows = [new(0, 4, 0, 3, false)];
        var hashes = new[]
        {
            new ScoringPlan([7, 8, 9, 10], windows, 1), new ScoringPlan([7, 8, 9, 11], windows, 1), new ScoringPlan([7, 8, 9, 10], [new(0, 4, 1, 2, false)], 1),
            new ScoringPlan([7, 8, 9, 10], [new(0, 4, 0, 3, true)], 1),
        }.Select(plan => plan.Hash()).ToArray();
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[0], new ScoringPlan([7, 8, 9, 10], windows, 1).Hash());
    }
}

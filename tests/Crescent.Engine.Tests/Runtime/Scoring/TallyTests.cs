using Crescent.Engine.Runtime.Scoring;
using Xunit;

namespace Crescent.Tests.Runtime.Scoring;

public sealed class TallyTests
{
    private const double Bound = 1e-6;

    [Fact]
    public void Perplexity_of_uniform_predictions_is_the_vocabulary()
    {
        var tally = new LossTally();
        Assert.Equal(Math.Log(8), tally.Add(new float[8], 3), Bound);
        tally.Add(new float[8], 0);
        Assert.Equal(8, tally.Perplexity, Bound);
        Assert.Equal(0, tally.StandardError, Bound);
        Assert.Equal(2, tally.Count);
    }

    [Fact]
    public void Standard_error_is_that_of_the_mean_loss_times_the_perplexity()
    {
        float[][] rows = [[0, 1, 2], [3, -1, 0.5f], [0, 0, 4], [1, 1, -2]];
        int[] tokens = [0, 1, 2, 0];
        var tally = new LossTally();
        var losses = rows.Zip(tokens, (row, token) => Math.Log(row.Sum(logit => Math.Exp(logit))) - row[token]).ToArray();
        foreach (var (row, token) in rows.Zip(tokens))
        {
            tally.Add(row, token);
        }

        var mean = losses.Average();
        Assert.Equal(Math.Exp(mean), tally.Perplexity, Bound);
        Assert.Equal(Math.Exp(mean) * Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / losses.Length / (losses.Length - 1)), tally.StandardError, Bound);
    }

    [Fact]
    public void Large_logits_do_not_overflow()
    {
        var tally = new LossTally();
        Assert.Equal(0, tally.Add([1e30f, -1e30f, 0], 0));
        Assert.Equal(2e30, tally.Add([1e30f, -1e30f, 0], 1), 1e24);
        Assert.Equal(Math.Log(2) + 1, LossTally.LogSum([1, 1]), Bound);
    }

    [Fact]
    public void Logits_that_are_not_finite_are_told()
    {
        Assert.True(double.IsNaN(new LossTally().Add([0, float.NaN, 1], 0)));
        Assert.False(double.IsFinite(new LossTally().Add([0, float.PositiveInfinity, 1], 0)));
        Assert.True(double.IsNaN(new DivergenceTally().Add([0, 1], [float.NaN, 1])));
        Assert.True(double.IsNaN(new DivergenceTally().Add([float.NaN, 1], [0, 1])));
        Assert.True(double.IsPositiveInfinity(new DivergenceTally().Add([0, 1], [0, float.NegativeInfinity])));
    }

    [Fact]
    public void Divergence_is_its_formula_and_not_symmetric()
    {
        float[] p = [(float)Math.Log(0.5), (float)Math.Log(0.25), (float)Math.Log(0.25)];
        float[] q = [(float)Math.Log(0.1) + 7, (float)Math.Log(0.2) + 7, (float)Math.Log(0.7) + 7]; // logits are free of a constant
        Assert.Equal((0.5 * Math.Log(5)) + (0.25 * Math.Log(1.25)) + (0.25 * Math.Log(0.25 / 0.7)), new DivergenceTally().Add(p, q), Bound);
        Assert.Equal((0.1 * Math.Log(0.2)) + (0.2 * Math.Log(0.8)) + (0.7 * Math.Log(2.8)), new DivergenceTally().Add(q, p), Bound);
        Assert.Equal(0, new DivergenceTally().Add(p, p));
    }

    [Fact]
    public void Tokens_without_probability_in_the_base_do_not_count()
    {
        var all = new DivergenceTally().Add([1, 2], [0.5f, 0.25f]);
        Assert.Equal(all, new DivergenceTally().Add([1, 2, float.NegativeInfinity], [0.5f, 0.25f, float.NegativeInfinity]), Bound);
    }

    [Fact]
    public void Quantiles_lie_between_positions_in_proportion()
    {
        var tally = new DivergenceTally();
        Assert.Equal([0.0], tally.Quantiles(0.5));
        double[] wanted = [0.4, 0.1, 0.3, 0.2];
        foreach (var divergence in wanted)
        {
            tally.Add([0, float.NegativeInfinity], [0, (float)Math.Log(Math.Exp(divergence) - 1)]); // −ln p
        }

        Assert.Equal([0.1, 0.25, 0.397, 0.4], tally.Quantiles(0, 0.5, 0.99, 1).Select(value => Math.Round(value, 6)));
        Assert.Equal(0.25, tally.Mean, Bound);
        Assert.Equal(Math.Sqrt(0.0125 / 3), tally.StandardError, Bound);
    }

    [Fact]
    public void The_likeliest_of_equals_is_the_first()
    {
        var tally = new DivergenceTally();
        tally.Add([1, 1, 0], [2, 0, 2]);
        tally.Add([1, 1, 0], [0, 2, 2]);
        Assert.Equal(0.5, tally.TopOneAgreement);
    }

    [Fact]
    public void Vocabularies_must_agree() => Assert.Throws<ArgumentException>(() => new DivergenceTally().Add(new float[3], new float[4]));
}

using Crescent.Kernels.Threading;
using Crescent.Training.Models;
using Crescent.Training.Optimizers;
using Crescent.Training.Parameters;
using Crescent.Training.Tests.Reference;
using Xunit;

namespace Crescent.Training.Tests.Optimizers;

public sealed class OptimizerTests
{
    private const float Rate = 0.01f;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Steps_follow_the_published_formulas(bool isMuon)
    {
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(TinyModels.Shape(), pool);
        var options = new OptimizerOptions { Muon = isMuon, GradientClip = 0.7f, LogitClip = 0 };
        using var optimizer = new MuonClip(model, options);
        var reference = model.Parameters.ToDictionary(parameter => parameter, parameter => new ReferenceOptimizer(parameter, options));
        for (var step = 1; step <= 3; step++)
        {
            FillGradients(model, step);
            var norm = Math.Sqrt(model.Parameters.Sum(parameter => Values(parameter.Gradient).Sum(value => value * value)));
            var clip = Math.Min(1, options.GradientClip / norm);
            foreach (var (parameter, expected) in reference)
            {
                expected.Step(Values(parameter.Gradient), clip, Rate, step);
            }

            var report = optimizer.Step(Rate);
            Assert.Equal(norm, report.GradientNorm, norm * 1e-6);
            foreach (var (parameter, expected) in reference)
            {
                var moved = Values(parameter.Values).Zip(expected.Weights, (found, wanted) => Math.Pow(found - wanted, 2)).Sum();
                var error = Math.Sqrt(moved / expected.Moved);
                Assert.True(error < 1e-4, $"step {step}, {parameter.Name}: relative error {error:g3} of the way");
            }
        }
    }

    [Fact]
    public void A_head_over_the_bound_is_clipped_to_it_and_the_others_stay()
    {
        var shape = TinyModels.Shape();
        var batch = TinyModels.Batch(shape);
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool, 0.8f);
        model.ClearGradients();
        model.Loss(batch);
        var layer = model.Layers[1];
        var before = layer.LargestLogits.ToArray();
        var bound = before.Max() * 0.5f;
        var clipped = before.Count(logit => logit > bound);
        Assert.InRange(clipped, 1, shape.Attention.Heads);
        Assert.Equal(clipped, QkClip.Apply(layer, shape.Attention, bound));

        // The other layers' heads are as they were, so the inputs of this one are too.
        model.ClearGradients();
        model.Loss(batch);
        for (var h = 0; h < before.Length; h++)
        {
            Assert.Equal(MathF.Min(before[h], bound), layer.LargestLogits[h], before[h] * 1e-5f);
        }
    }

    [Fact]
    public void Recorded_logits_are_linear_in_the_queries()
    {
        var shape = TinyModels.Shape();
        using var pool = new ComputePool(1);
        using var model = TinyModels.Model(shape, pool);
        var batch = TinyModels.Batch(shape);
        model.ClearGradients();
        model.Loss(batch);
        var before = model.Layers[0].LargestLogits.ToArray();
        var query = model.Layers[0].Query;
        for (var i = 0L; i < query.Values.Length; i++)
        {
            query.Values[i] *= 2;
        }

        model.ClearGradients();
        model.Loss(batch);
        Assert.All(before.Zip(model.Layers[0].LargestLogits), pair => Assert.Equal(2 * pair.First, pair.Second, Math.Abs(pair.First) * 1e-5f));
    }

    [Fact]
    public void Biases_move_towards_even_load()
    {
        var shape = TinyModels.Shape();
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool);
        using var optimizer = new MuonClip(model, new OptimizerOptions { BiasStep = 0.01f });
        model.ClearGradients();
        model.LossAndGradient(TinyModels.Batch(shape), 0.1f, 0);
        var (load, before) = (model.Layers[1].Load!.ToArray(), model.Layers[1].RouterBias!.ToArray());
        Assert.Equal(22 * shape.Router.TopK, load.Sum());
        optimizer.Step(Rate);
        for (var e = 0; e < load.Length; e++)
        {
            Assert.Equal(before[e] + (0.01f * Math.Sign((22.0 * shape.Router.TopK / shape.Experts) - load[e])), model.Layers[1].RouterBias![e], 1e-6f);
        }
    }

    [Theory]
    [InlineData(0, 0.1f)]
    [InlineData(9, 1f)]
    [InlineData(50, 1f)]
    [InlineData(79, 1f)]
    [InlineData(99, 0.01f)]
    public void The_rate_rises_stays_and_falls(int step, float expected) =>
        Assert.Equal(expected, new LearningRate(1, 0.01f, 10, 80, 100).At(step), 1e-5f);

    private static void FillGradients(TrainingModel model, int seed)
    {
        var random = new Random(seed);
        foreach (var parameter in model.Parameters)
        {
            for (var i = 0L; i < parameter.Gradient.Length; i++)
            {
                parameter.Gradient[i] = random.NextSingle() - 0.5f;
            }
        }

        foreach (var layer in model.Layers)
        {
            layer.Clear();
        }
    }

    private static double[] Values(Crescent.Kernels.Memory.AlignedBuffer<float> buffer) => [.. Enumerable.Range(0, (int)buffer.Length).Select(i => (double)buffer[i])];
}

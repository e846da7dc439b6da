using Crescent.Kernels.Threading;
using Crescent.Training.Tests.Reference;
using Xunit;

namespace Crescent.Training.Tests.Models;

public sealed class GradientTests
{
    private const double Step = 1e-5;
    private const double Bound = 1e-4; // relative error of a tensor's gradient

    [Theory]
    [InlineData(6, 10, true, 0)]
    [InlineData(6, 10, true, 0.3)]
    [InlineData(0, 0, false, 0.3)]
    public void Every_tensor_has_the_gradient_of_central_differences(int queryRank, int sharedWidth, bool normalise, double balance)
    {
        var shape = TinyModels.Shape(queryRank, sharedWidth, normalise);
        var batch = TinyModels.Batch(shape);
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool);
        var reference = TinyModels.Reference(model, batch, out var weights);
        var weight = 1.0 / batch.TargetCount;
        model.ClearGradients();
        var loss = model.LossAndGradient(batch, (float)weight, (float)balance) * weight;
        Assert.Equal(reference.Loss(weight, 0), loss, 1e-5);
        foreach (var parameter in model.Parameters)
        {
            var values = weights[parameter.Name];
            var (difference, size) = (0.0, 0.0);
            for (var i = 0; i < values.Length; i++)
            {
                var value = values[i];
                values[i] = value + Step;
                var above = reference.Loss(weight, balance);
                values[i] = value - Step;
                var below = reference.Loss(weight, balance);
                values[i] = value;
                var expected = (above - below) / (2 * Step);
                difference += Math.Pow(parameter.Gradient[i] - expected, 2);
                size += expected * expected;
            }

            var error = Math.Sqrt(difference / size);
            Assert.True(size > 0 && error < Bound, $"{parameter.Name}: relative error {error:g3}, norm {Math.Sqrt(size):g3}");
        }
    }

    [Fact]
    public void Gradients_accumulate_over_batches()
    {
        var shape = TinyModels.Shape();
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool);
        model.ClearGradients();
        model.LossAndGradient(TinyModels.Batch(shape), 0.1f, 0);
        var first = model.Parameters.Select(parameter => parameter.Gradient.Span(0, (int)parameter.Gradient.Length).ToArray()).ToArray();
        model.LossAndGradient(TinyModels.Batch(shape), 0.1f, 0);
        foreach (var (parameter, once) in model.Parameters.Zip(first))
        {
            var error = Math.Sqrt(once.Select((value, i) => Math.Pow(parameter.Gradient[i] - (2 * value), 2)).Sum() / once.Sum(value => (double)value * value));
            Assert.True(error < 1e-5, $"{parameter.Name}: {error:g3}");
        }
    }

    [Fact]
    public void Gradients_have_the_same_bits_on_any_number_of_threads()
    {
        var shape = TinyModels.Shape();
        var batch = TinyModels.Batch(shape);
        using var one = new ComputePool(1);
        using var two = new ComputePool(2);
        using var first = TinyModels.Model(shape, one);
        using var second = TinyModels.Model(shape, two);
        first.ClearGradients();
        second.ClearGradients();
        Assert.Equal(first.LossAndGradient(batch, 0.1f, 0.1f), second.LossAndGradient(batch, 0.1f, 0.1f));
        foreach (var (left, right) in first.Parameters.Zip(second.Parameters))
        {
            Assert.True(left.Gradient.Span(0, (int)left.Gradient.Length).SequenceEqual(right.Gradient.Span(0, (int)right.Gradient.Length)), left.Name);
        }
    }

    [Fact]
    public void Documents_do_not_see_each_other()
    {
        var shape = TinyModels.Shape();
        var batch = TinyModels.Batch(shape);
        using var pool = new ComputePool(2);
        using var model = TinyModels.Model(shape, pool);
        var before = Logits(model, batch);
        batch.Tokens[2] = (batch.Tokens[2] + 1) % shape.Vocab; // in the first document
        var after = Logits(model, batch);
        Assert.True(before.AsSpan(0, 2 * shape.Vocab).SequenceEqual(after.AsSpan(0, 2 * shape.Vocab)));
        Assert.False(before.AsSpan(2 * shape.Vocab, 2 * shape.Vocab).SequenceEqual(after.AsSpan(2 * shape.Vocab, 2 * shape.Vocab)));
        Assert.True(before.AsSpan(4 * shape.Vocab).SequenceEqual(after.AsSpan(4 * shape.Vocab)));
    }

    private static float[] Logits(Crescent.Training.Models.TrainingModel model, Crescent.Training.Layers.TrainingBatch batch)
    {
        var all = new float[batch.Count * model.Shape.Vocab];
        model.Logits(batch, (first, logits) => logits.Buffer.Span(0, logits.Rows * logits.Columns).CopyTo(all.AsSpan(first * model.Shape.Vocab)));
        return all;
    }
}

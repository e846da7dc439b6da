using Crescent.Kernels.Threading;
using Crescent.Kernels.Training;
using Crescent.Training.Layers;
using Crescent.Training.Optimizers;
using Crescent.Training.Tests.Reference;
using Xunit;

namespace Crescent.Training.Tests.Models;

public sealed class OverfitTests
{
    [Fact]
    public void Two_layers_learn_sixty_four_sequences_by_heart()
    {
        const int Sequences = 64, Length = 24;
        var shape = TinyModels.Shape() with { Hidden = 64, Vocab = 96, DenseWidth = 128, ExpertWidth = 64, SharedWidth = 64, RopeTheta = 10000 };
        var random = new Random(11);
        var tokens = new int[Sequences * Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            // The first token tells the sequences apart; the rest cannot be guessed.
            tokens[i] = i % Length == 0 ? i / Length : random.Next(shape.Vocab);
        }

        var batch = new TrainingBatch
        {
            Tokens = tokens,
            Targets = [.. tokens.Select((_, i) => (i + 1) % Length == 0 ? TrainingBatch.NoTarget : tokens[i + 1])],
            RowLength = Length,
            Segments = [.. Enumerable.Range(0, Sequences).Select(i => new AttentionSegment(i * Length, Length))],
        };
        using var pool = new ComputePool(2);
        using var model = new Crescent.Training.Models.TrainingModel(shape, tokens.Length, pool);
        model.Initialize(1, 0.05f);
        using var optimizer = new MuonClip(model, new OptimizerOptions { WeightDecay = 0 });
        var rate = new LearningRate(0.02f, 0.001f, 10, 200, 400);
        var loss = double.MaxValue;
        for (var step = 0; step < 400 && loss >= 0.05; step++)
        {
            model.ClearGradients();
            loss = model.LossAndGradient(batch, 1f / batch.TargetCount, 0) / batch.TargetCount;
            optimizer.Step(rate.At(step));
        }

        Assert.True(loss < 0.05, $"loss {loss}");
    }
}

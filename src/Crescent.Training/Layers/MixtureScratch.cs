using Crescent.Kernels.Memory;

namespace Crescent.Training.Layers;

/// <summary>Gradients inside feed-forward blocks, used by one layer after the other.</summary>
internal sealed class MixtureScratch : IDisposable
{
    public MixtureScratch(TrainingContext context)
    {
        var shape = context.Shape;
        Dense = context.Rows(Math.Max(Math.Max(shape.DenseLayers > 0 ? shape.DenseWidth : 0, shape.SharedWidth), 1));
        var slots = shape.DenseLayers < shape.Layers ? shape.Router.TopK : 0;
        (SlotOutputs, SlotProducts, Logits) = (context.Rows(slots * shape.Hidden), context.Rows(slots * shape.ExpertWidth), context.Rows(slots == 0 ? 0 : shape.Experts));
    }

    /// <summary>[tokens, width of the dense or shared unit]</summary>
    public AlignedBuffer<float> Dense { get; }

    /// <summary>[slots, hidden]</summary>
    public AlignedBuffer<float> SlotOutputs { get; }

    /// <summary>[slots, expertWidth]</summary>
    public AlignedBuffer<float> SlotProducts { get; }

    /// <summary>[tokens, experts]</summary>
    public AlignedBuffer<float> Logits { get; }

    public void Dispose()
    {
        Dense.Dispose();
        SlotOutputs.Dispose();
        SlotProducts.Dispose();
        Logits.Dispose();
    }
}

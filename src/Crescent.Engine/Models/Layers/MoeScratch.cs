using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Scratch of mixture-of-experts blocks, shared by all layers of a model. A slot is one (token, chosen expert) pair; slots are grouped by expert.</summary>
public sealed class MoeScratch : IDisposable
{
    public MoeScratch(int maxRows, int hidden, int experts, int topK, int expertWidth, int sharedWidth, int threads)
    {
        var slots = maxRows * topK;
        Logits = new AlignedBuffer<float>((long)maxRows * experts);
        Chosen = new int[slots];
        Weights = new float[slots];
        SlotOf = new int[slots];
        RowOfSlot = new int[slots];
        ExpertOfSlot = new int[slots];
        FirstSlot = new int[experts + 1];
        RouterScratch = new float[threads * 2 * experts];
        Middle = new Activations(slots, expertWidth);
        Up = new AlignedBuffer<float>((long)slots * expertWidth);
        Output = new AlignedBuffer<float>((long)slots * hidden);
        Shared = sharedWidth > 0 ? new FeedForwardScratch(maxRows, sharedWidth) : null;
        Jobs = new MatMulJob[(2 * experts) + 2];
    }

    /// <summary>[tokens, experts]</summary>
    public AlignedBuffer<float> Logits { get; }

    /// <summary>[tokens, topK], experts, best first</summary>
    public int[] Chosen { get; }

    /// <summary>[tokens, topK]</summary>
    public float[] Weights { get; }

    /// <summary>[tokens, topK], slot of each choice</summary>
    public int[] SlotOf { get; }

    /// <summary>[slots], token row of each slot</summary>
    public int[] RowOfSlot { get; }

    /// <summary>[slots], expert of each slot</summary>
    public int[] ExpertOfSlot { get; }

    /// <summary>[experts + 1], first slot of each expert</summary>
    public int[] FirstSlot { get; }

    /// <summary>[threads, experts + groups], at most 2 · experts a thread</summary>
    public float[] RouterScratch { get; }

    /// <summary>[slots, expertWidth]</summary>
    public Activations Middle { get; }

    /// <summary>[slots, expertWidth]</summary>
    public AlignedBuffer<float> Up { get; }

    /// <summary>[slots, hidden]</summary>
    public AlignedBuffer<float> Output { get; }

    public FeedForwardScratch? Shared { get; }

    public MatMulJob[] Jobs { get; }

    public void Dispose()
    {
        Logits.Dispose();
        Middle.Dispose();
        Up.Dispose();
        Output.Dispose();
        Shared?.Dispose();
    }
}

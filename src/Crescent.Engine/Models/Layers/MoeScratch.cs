using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Scratch of mixture-of-experts blocks, shared by all layers of a model. A slot is one (token, chosen expert) pair; slots are grouped by expert.</summary>
public sealed class MoeScratch : IDisposable
{
    public MoeScratch(int maxRows, int hidden, int experts, int topK, int expertWidth, int sharedWidth, int threads)
    {
        var slots = maxRows * topK;
        TopK = topK;
        Logits = new AlignedBuffer<float>((long)maxRows * experts);
        Chosen = new int[slots];
        Weights = new float[slots];
        SlotOf = new int[slots];
        RowOfSlot = new int[slots];
        ExpertOfRow = new int[slots];
        FirstSlot = new int[experts + 1];
        RouterScratch = new float[threads * 2 * experts];
        Middle = new Activations(slots, expertWidth);
        Up = new AlignedBuffer<float>((long)slots * expertWidth);
        Output = new AlignedBuffer<float>((long)slots * hidden);
        Shared = sharedWidth > 0 ? new FeedForwardScratch(maxRows, sharedWidth) : null;
        Jobs = new MatMulJob[(2 * experts) + 2];
        Wave = new ExpertWave(experts);
        Resident = new bool[experts];
    }

    /// <summary>Experts that a token chooses.</summary>
    public int TopK { get; }

    /// <summary>[tokens, experts]</summary>
    public AlignedBuffer<float> Logits { get; }

    /// <summary>[tokens, topK], experts, best first; <see cref="LossyRouting.Skipped"/> in the place of one that is not computed</summary>
    public int[] Chosen { get; }

    /// <summary>[tokens, topK]</summary>
    public float[] Weights { get; }

    /// <summary>[tokens, topK], slot of each choice</summary>
    public int[] SlotOf { get; }

    /// <summary>[slots], token row of each slot</summary>
    public int[] RowOfSlot { get; }

    /// <summary>[slots], expert of each row of <see cref="Middle"/> in the current wave</summary>
    public int[] ExpertOfRow { get; }

    /// <summary>[experts + 1], first slot of each expert</summary>
    public int[] FirstSlot { get; }

    /// <summary>[experts], whether each is in memory, where that matters to the choice</summary>
    public bool[] Resident { get; }

    /// <summary>[threads, experts + groups], at most 2 · experts a thread</summary>
    public float[] RouterScratch { get; }

    /// <summary>[slots of the current wave, expertWidth]</summary>
    public Activations Middle { get; }

    /// <summary>[slots of the current wave, expertWidth]</summary>
    public AlignedBuffer<float> Up { get; }

    /// <summary>[slots, hidden]</summary>
    public AlignedBuffer<float> Output { get; }

    public FeedForwardScratch? Shared { get; }

    public MatMulJob[] Jobs { get; }

    /// <summary>The experts that run together.</summary>
    public ExpertWave Wave { get; }

    /// <summary>Adds up, for each expert, its share of the gates of every token that chose it.</summary>
    /// <param name="shares">[experts], overwritten</param>
    public void AddGateShares(Span<float> shares, int tokens)
    {
        shares.Clear();
        for (var token = 0; token < tokens; token++)
        {
            var weights = Weights.AsSpan(token * TopK, TopK);
            var sum = 0f;
            foreach (var weight in weights)
            {
                sum += weight;
            }

            for (var k = 0; k < TopK; k++)
            {
                if (Chosen[(token * TopK) + k] is >= 0 and var expert)
                {
                    shares[expert] += weights[k] / sum;
                }
            }
        }
    }

    /// <summary>Tokens of the step that chose an expert.</summary>
    public int TokensOf(int expert) => FirstSlot[expert + 1] - FirstSlot[expert];

    public void Dispose()
    {
        Logits.Dispose();
        Middle.Dispose();
        Up.Dispose();
        Output.Dispose();
        Shared?.Dispose();
    }
}

using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Models.Layers;

/// <summary>Scratch of Kimi Delta Attention, shared by all layers of a model.</summary>
public sealed class KdaScratch : IDisposable
{
    public KdaScratch(KdaOptions options, int maxRows)
    {
        Options = options;
        Mixed = new AlignedBuffer<float>(3L * maxRows * options.HeadsWidth);
        DecayDown = new Activations(maxRows, options.Width);
        Decay = new AlignedBuffer<float>((long)maxRows * options.HeadsWidth);
        Beta = new AlignedBuffer<float>((long)maxRows * options.Heads);
        GateDown = new Activations(maxRows, options.Width);
        Gate = new AlignedBuffer<float>((long)maxRows * options.HeadsWidth);
        Output = new Activations(maxRows, options.HeadsWidth);
    }

    public KdaOptions Options { get; }

    /// <summary>[tokens, 3, heads, width]: queries, keys, values</summary>
    public AlignedBuffer<float> Mixed { get; }

    /// <summary>[tokens, width]</summary>
    public Activations DecayDown { get; }

    /// <summary>[tokens, heads, width]</summary>
    public AlignedBuffer<float> Decay { get; }

    /// <summary>[tokens, heads]</summary>
    public AlignedBuffer<float> Beta { get; }

    /// <summary>[tokens, width]</summary>
    public Activations GateDown { get; }

    /// <summary>[tokens, heads, width]</summary>
    public AlignedBuffer<float> Gate { get; }

    /// <summary>[tokens, heads · width]</summary>
    public Activations Output { get; }

    public MatMulJob[] Jobs { get; } = new MatMulJob[6];

    public void Dispose()
    {
        Mixed.Dispose();
        DecayDown.Dispose();
        Decay.Dispose();
        Beta.Dispose();
        GateDown.Dispose();
        Gate.Dispose();
        Output.Dispose();
    }
}

using Crescent.Kernels.Memory;
using Crescent.Training.Parameters;

namespace Crescent.Training.Optimizers;

/// <summary>What the optimizer remembers of a parameter.</summary>
public sealed class OptimizerState : IDisposable
{
    /// <param name="isMuon">Whether Muon steps the matrices of layers.</param>
    public OptimizerState(Parameter parameter, bool isMuon = true)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        Parameter = parameter;
        IsMuon = isMuon && parameter.Role is (ParameterRole.Matrix or ParameterRole.Expert);
        First = new AlignedBuffer<float>(parameter.Values.Length);
        Second = IsMuon ? null : new AlignedBuffer<float>(parameter.Values.Length);
    }

    public Parameter Parameter { get; }

    public bool IsMuon { get; }

    /// <summary>Muon's momentum, or AdamW's first moment.</summary>
    public AlignedBuffer<float> First { get; }

    /// <summary>AdamW's second moment.</summary>
    public AlignedBuffer<float>? Second { get; }

    public void Dispose()
    {
        First.Dispose();
        Second?.Dispose();
    }
}

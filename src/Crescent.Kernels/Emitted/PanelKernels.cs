namespace Crescent.Kernels.Emitted;

/// <summary>The kernels of a format, one for every number of input rows, each written when it is first needed. Shared by all matrices of the format, from any thread.</summary>
internal sealed unsafe class PanelKernels
{
    private readonly Lock _writing = new();
    private readonly nint[] _kernels; // [inputs − 1], 0 until written

    private PanelKernels(PanelFormat format)
    {
        Format = format;
        _kernels = new nint[format.MostInputs];
    }

    public PanelFormat Format { get; }

    /// <summary>The kernels of a format, or null where the processor lacks the instructions or the system allows no new code.</summary>
    public static PanelKernels? Create(PanelFormat format)
    {
        if (!VnniSupport.IsSupported)
        {
            return null;
        }

        var kernels = new PanelKernels(format);
        return kernels.Write(1) == 0 ? null : kernels;
    }

    /// <summary>The kernel for a number of input rows, 1..<see cref="PanelFormat.MostInputs"/>.</summary>
    public delegate* unmanaged<PanelArguments*, void> For(int inputs)
    {
        var kernel = Volatile.Read(ref _kernels[inputs - 1]);
        return (delegate* unmanaged<PanelArguments*, void>)(kernel != 0 ? kernel : Write(inputs));
    }

    private nint Write(int inputs)
    {
        lock (_writing)
        {
            if (_kernels[inputs - 1] == 0)
            {
                Volatile.Write(ref _kernels[inputs - 1], (nint)ExecutableCode.Load(PanelKernelEmitter.Emit(Format, inputs)));
            }

            return _kernels[inputs - 1];
        }
    }
}

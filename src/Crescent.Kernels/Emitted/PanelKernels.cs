namespace Crescent.Kernels.Emitted;

/// <summary>The kernels of a format, one for every number of input rows, each written when it is first needed. Shared by all matrices of the format, from any thread.</summary>
internal sealed class PanelKernels
{
    private readonly Lock _writing = new();
    private readonly CodeLoader _load;
    private readonly nint[] _kernels; // [inputs − 1], 0 until written

    private PanelKernels(PanelFormat format, CodeLoader load)
    {
        (Format, _load) = (format, load);
        _kernels = new nint[format.MostInputs];
    }

    public PanelFormat Format { get; }

    /// <summary>The kernels of a format, or null where the processor lacks the instructions or the system allows no new code.</summary>
    /// <param name="load">Makes code executable: <see cref="ExecutableCode.Load"/>.</param>
    public static PanelKernels? Create(PanelFormat format, CodeLoader load)
    {
        if (!VnniSupport.IsSupported)
        {
            return null;
        }

        var kernels = new PanelKernels(format, load);
        return kernels.Write(1) == 0 ? null : kernels;
    }

    /// <summary>
    /// The kernel for a number of input rows, a function of one <see cref="PanelArguments"/>*. Where the system allows no more code, the one that is there.
    /// </summary>
    /// <param name="inputs">1..<see cref="PanelFormat.MostInputs"/>; afterwards what the kernel takes: as many, or 1.</param>
    public nint For(ref int inputs)
    {
        var kernel = Volatile.Read(ref _kernels[inputs - 1]);
        if (kernel == 0)
        {
            kernel = Write(inputs);
            if (kernel == 0)
            {
                inputs = 1;
                kernel = _kernels[0];
            }
        }

        return kernel;
    }

    private nint Write(int inputs)
    {
        lock (_writing)
        {
            if (_kernels[inputs - 1] == 0)
            {
                Volatile.Write(ref _kernels[inputs - 1], _load(PanelKernelEmitter.Emit(Format, inputs)));
            }

            return _kernels[inputs - 1];
        }
    }
}

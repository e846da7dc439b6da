namespace Crescent.Kernels.Emitted;

/// <summary>The kernels of a format, one for every number of input rows and of panels (one or two), each written when it is first needed. Shared by all matrices of the format, from any thread.</summary>
internal sealed class PanelKernels
{
    private readonly Lock _writing = new();
    private readonly CodeLoader _load;
    private readonly nint[] _kernels; // [inputs − 1], 0 until written
    private readonly nint[] _pairs; // as _kernels, for two panels

    private PanelKernels(PanelFormat format, CodeLoader load)
    {
        (Format, _load) = (format, load);
        _kernels = new nint[format.MostInputs];
        _pairs = new nint[format.MostPairInputs];
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

    /// <summary>Whether there are kernels of two panels, for the most input rows and for one less.</summary>
    public bool HasPairs => Format.MostPairInputs > 0 && ForPair(Format.MostPairInputs) != 0 && ForPair(Format.MostPairInputs - 1) != 0;

    /// <summary>The kernel of two panels for a number of input rows, a function of one <see cref="PanelArguments"/>*; 0 where the system allows no more code.</summary>
    /// <param name="inputs">1..<see cref="PanelFormat.MostPairInputs"/></param>
    public nint ForPair(int inputs)
    {
        var kernel = Volatile.Read(ref _pairs[inputs - 1]);
        return kernel != 0 ? kernel : Write(_pairs, inputs, PanelPairEmitter.Emit);
    }

    private nint Write(int inputs) => Write(_kernels, inputs, PanelKernelEmitter.Emit);

    private nint Write(nint[] kernels, int inputs, Func<PanelFormat, int, byte[]> emit)
    {
        lock (_writing)
        {
            if (kernels[inputs - 1] == 0)
            {
                Volatile.Write(ref kernels[inputs - 1], _load(emit(Format, inputs)));
            }

            return kernels[inputs - 1];
        }
    }
}

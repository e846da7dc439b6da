namespace Crescent.Kernels.Emitted;

/// <summary>Where a matrix's panels are, once they have been packed. Views of rows share it with their matrix.</summary>
internal sealed unsafe class PackedPanels
{
    private nint _address;

    /// <summary>The first row's panel, or null while the matrix is not packed.</summary>
    public byte* Address
    {
        get => (byte*)Volatile.Read(ref _address);
        set => Volatile.Write(ref _address, (nint)value);
    }
}

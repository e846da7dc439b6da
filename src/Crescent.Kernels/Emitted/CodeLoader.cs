namespace Crescent.Kernels.Emitted;

/// <summary>The address of executable code, or 0 where the system allows no new code.</summary>
internal delegate nint CodeLoader(ReadOnlySpan<byte> code);

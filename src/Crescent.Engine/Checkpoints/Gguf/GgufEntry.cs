namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>
/// One metadata value where it lies: scalars are held, strings and arrays stay in the mapped file and are decoded when asked for.
/// A value that comes from elsewhere (an override, another format's configuration) has no file.
/// </summary>
/// <param name="ElementType">Type of an array's elements, else the same as <paramref name="Type"/>.</param>
/// <param name="Count">Elements of an array, bytes of a string, 1 for a scalar.</param>
/// <param name="Bits">A scalar's bits: integers sign- or zero-extended to 64, floats as the bits of a double.</param>
/// <param name="Offset">Where the value's bytes begin: a string's first byte, an array's first element.</param>
/// <param name="Text">A string without a file.</param>
/// <param name="Held">The elements of an array without a file, as GGUF encodes them.</param>
internal sealed record GgufEntry(
    GgufFile? File, GgufValueType Type, GgufValueType ElementType, long Count, long Bits, long Offset, long PayloadBytes, string? Text = null, byte[]? Held = null)
{
    public string Where => File is null ? "an override or configuration" : $"{File.Path}: offset {Offset}";

    /// <summary>Some of the value's bytes.</summary>
    public ReadOnlySpan<byte> Payload(long offset, int length) =>
        Held is null ? File!.Bytes.Slice(Offset, PayloadBytes).Span(offset, length) : Held.AsSpan((int)offset, length);

    /// <summary>The type as messages show it: <c>u32</c>, <c>arr[str] of 163840</c>.</summary>
    public string Describe() => Type == GgufValueType.Array ? $"arr[{ElementType.Name()}] of {Count}" : Type.Name();
}

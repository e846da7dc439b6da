namespace Crescent.Nano;

/// <summary>A file that an assembly holds.</summary>
/// <param name="Name">A plain file name.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record PackedFile(string Name, long Bytes, Func<Stream> Open);

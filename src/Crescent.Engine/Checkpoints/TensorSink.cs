namespace Crescent.Engine.Checkpoints;

/// <summary>Takes a tensor's bytes, in order, in pieces of any size.</summary>
public delegate void TensorSink(ReadOnlySpan<byte> bytes);

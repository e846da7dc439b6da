using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Experts;

/// <summary>Where a region of a mapped checkpoint lies.</summary>
/// <param name="File">Index among the checkpoint's files.</param>
/// <param name="Offset">In the file, bytes.</param>
/// <param name="BlockBytes">What reads of the file are multiples of.</param>
/// <param name="Record">The record that holds it; null where the file has none.</param>
internal readonly record struct ExpertPlacement(int File, long Offset, int BlockBytes, StoredRecord? Record);

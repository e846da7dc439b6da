using Crescent.Kernels.Memory;

namespace Crescent.Kernels.Attention;

/// <summary>Consecutive tokens of one sequence in a batch.</summary>
/// <param name="FirstRow">Row of the first token in the batch's buffers.</param>
/// <param name="Count">Tokens.</param>
/// <param name="FirstPosition">Position of the first token in its sequence; a token at position p sees keys 0..p.</param>
/// <param name="Pages">The sequence's cache pages, <see cref="PagedAttention.PageTokens"/> positions each.</param>
public readonly record struct AttentionSpan(int FirstRow, int Count, int FirstPosition, ByteRegion[] Pages);

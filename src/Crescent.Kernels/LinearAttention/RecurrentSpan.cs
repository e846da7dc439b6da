using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Memory;

namespace Crescent.Kernels.LinearAttention;

/// <summary>Consecutive tokens of one sequence in a batch, and the state that they carry on.</summary>
/// <param name="FirstRow">Row of the first token in the batch's buffers.</param>
/// <param name="Count">Tokens.</param>
/// <param name="State">The sequence's state before the first token; afterwards the one after the last. No two spans of a batch share it.</param>
/// <param name="Saved">Takes a copy of the state on the way; null for none.</param>
/// <param name="SaveAfter">Tokens of the span after which the copy is made; 0 for never.</param>
public readonly record struct RecurrentSpan(int FirstRow, int Count, AlignedBuffer<float> State, AlignedBuffer<float>? Saved = null, int SaveAfter = 0)
{
    /// <summary>Whether the state is to be copied after token <paramref name="token"/> of the span.</summary>
    internal bool SavesAfter(int token) => Saved is not null && token + 1 == SaveAfter;

    /// <summary>Checks once, before the loops, that every row and state lies in its buffer.</summary>
    /// <param name="stateFloats">Floats of a state from its beginning to the end of what is used.</param>
    /// <param name="buffers">Buffers by row, with the floats of a row.</param>
    internal static void Check(ReadOnlySpan<RecurrentSpan> spans, long stateFloats, params ReadOnlySpan<(AlignedBuffer<float> Buffer, long RowFloats)> buffers)
    {
        foreach (ref readonly var span in spans)
        {
            if (span.FirstRow < 0 || span.Count < 1)
            {
                Throw(nameof(spans), "rows of at least one token", $"{span.Count} from row {span.FirstRow}");
            }

            if (span.State.Length < stateFloats || (span.Saved is { } saved && saved.Length < stateFloats))
            {
                Throw(nameof(spans), $"states of at least {stateFloats} floats", $"{span.State.Length}, saved to {span.Saved?.Length}");
            }

            foreach (var (buffer, rowFloats) in buffers)
            {
                var needed = ((long)span.FirstRow + span.Count) * rowFloats;
                if (buffer.Length < needed)
                {
                    Throw(nameof(buffers), $"{needed} floats for {span.FirstRow + span.Count} rows", $"{buffer.Length}");
                }
            }
        }
    }

    [DoesNotReturn]
    private static void Throw(string parameter, string expected, string found) => throw new ArgumentException($"expected {expected}, found {found}", parameter);
}

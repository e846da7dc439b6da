using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Runtime.Scoring;

namespace Crescent.Cli;

/// <summary>What <c>--kl-base</c> names: stored logits, or a model that is run beside the first.</summary>
internal static class PerplexityBase
{
    /// <param name="open">Opens a model.</param>
    /// <exception cref="CommandFailedException">It is neither, or it is of another vocabulary or text.</exception>
    public static IBaseLogits Open(string path, ScoredText text, ModelSession session, Func<string, ModelSession> open, Terminal terminal)
    {
        try
        {
            if (StoredLogits.TryOpen(path, text.Plan, session.Model.Shape.Vocab) is { } stored)
            {
                if (stored is RawLogitsFile)
                {
                    terminal.Note($"note: --kl-base: {path}: taken, for its size, as the logits of this text's {text.Plan.Tokens.Length} tokens");
                }

                return stored;
            }

            return OpenModel(path, text, session, open);
        }
        catch (Exception exception) when (exception is CheckpointException or CommandFailedException)
        {
            throw new CommandFailedException($"--kl-base: {exception.Message}");
        }
    }

    private static ModelBase OpenModel(string path, ScoredText text, ModelSession session, Func<string, ModelSession> open)
    {
        var other = open(path);
        try
        {
            RequireSameTokens(path, text, session, other);
            return new ModelBase(other.Model, other);
        }
        catch
        {
            other.Dispose();
            throw;
        }
    }

    private static void RequireSameTokens(string path, ScoredText text, ModelSession session, ModelSession other)
    {
        if (other.Model.Shape.Vocab != session.Model.Shape.Vocab)
        {
            throw new CommandFailedException($"{path}: expected a vocabulary of {session.Model.Shape.Vocab}, as the model's, found {other.Model.Shape.Vocab}");
        }

        // Files of one model may differ in whether they ask for a start token: the base gets the model's tokens all the same.
        var ids = new List<int>();
        other.Tokenizer.Encode(text.Text.Span, ids);
        var found = CollectionsMarshal.AsSpan(ids);
        var expected = text.Plan.Tokens[(session.Tokenizer.AddBos ? 1 : 0)..];
        if (!expected.SequenceEqual(found))
        {
            throw new CommandFailedException($"{path}: expected a model that reads the text as the same tokens, found others from token {expected.CommonPrefixLength(found)} on");
        }
    }
}

using System.Text;
using Crescent.Engine.Runtime.Scoring;
using Crescent.Text.Tokenizers;

namespace Crescent.Cli;

/// <summary>How a text's predictions are counted.</summary>
internal enum TextCounting
{
    EveryToken,
    Llama,
}

/// <summary>A text as tokens, cut into windows.</summary>
/// <param name="Text">The text that was tokenized.</param>
/// <param name="Words">Words of the text, divided by white space; 0 where only a part of it is scored.</param>
/// <param name="Bytes">Bytes of the text; 0 where only a part of it is scored.</param>
internal sealed record ScoredText(ScoringPlan Plan, ReadOnlyMemory<byte> Text, int Context, TextCounting Counting, long Words, long Bytes)
{
    /// <summary>Name of its file, without its place.</summary>
    public required string Name { get; init; }

    /// <param name="most">Only the first windows; null for all.</param>
    /// <exception cref="CommandFailedException">The text has too few tokens.</exception>
    public static ScoredText Read(Tokenizer tokenizer, byte[] text, TextCounting counting, int context, int? most, string path)
    {
        var scored = counting == TextCounting.Llama ? WithoutNewline(text) : text;
        var ids = Encode(tokenizer, scored.Span);
        var windows = Cut(ids.Count, tokenizer, counting, context, path).Take(most ?? int.MaxValue).ToArray();
        if (windows.Length == 0)
        {
            throw new CommandFailedException($"--file: expected a text of at least two tokens, found {ids.Count}: {path}");
        }

        var isWhole = counting == TextCounting.EveryToken && most is null;
        return new ScoredText(new ScoringPlan(ids, windows, tokenizer.BosId), scored, context, counting, isWhole ? CountWords(scored.Span) : 0, isWhole ? scored.Length : 0) { Name = Path.GetFileName(path) };
    }

    /// <summary>The text as llama.cpp's tools read it: one newline less at its end.</summary>
    public static ReadOnlyMemory<byte> WithoutNewline(byte[] text) => text is [.., (byte)'\n'] ? text.AsMemory(0, text.Length - 1) : text;

    /// <summary>Tokens of a text, the start token first where the tokenizer adds one; names of control tokens are plain text.</summary>
    public static List<int> Encode(Tokenizer tokenizer, ReadOnlySpan<byte> text)
    {
        var ids = new List<int>();
        if (tokenizer.AddBos)
        {
            ids.Add(tokenizer.BosId!.Value);
        }

        tokenizer.Encode(text, ids);
        return ids;
    }

    private static IEnumerable<ScoringWindow> Cut(int tokens, Tokenizer tokenizer, TextCounting counting, int context, string path)
    {
        try
        {
            return counting == TextCounting.Llama
                ? ScoringWindow.SecondHalves(tokens, context, tokenizer.AddBos)
                : ScoringWindow.EveryTokenOnce(tokens, context, tokenizer.AddBos);
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException($"--file: {CommandLine.FirstLine(exception.Message)}: {path}; a smaller --context asks for less");
        }
    }

    private static long CountWords(ReadOnlySpan<byte> text)
    {
        long words = 0;
        var inside = false;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out var rune, out var length);
            var space = Rune.IsWhiteSpace(rune);
            words += !space && !inside ? 1 : 0;
            inside = !space;
            text = text[length..];
        }

        return words;
    }
}

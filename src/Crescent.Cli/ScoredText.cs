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
/// <param name="Tokens">The start token first, where the tokenizer adds one.</param>
/// <param name="Words">Words of the text, divided by white space; 0 where only a part of it is scored.</param>
/// <param name="Bytes">Bytes of the text; 0 where only a part of it is scored.</param>
internal sealed record ScoredText(int[] Tokens, IReadOnlyList<ScoringWindow> Windows, int Context, TextCounting Counting, long Words, long Bytes)
{
    public static ScoredText Read(Tokenizer tokenizer, byte[] text, TextCounting counting, int context, int? most, string path)
    {
        // llama.cpp takes one newline off the end of a file.
        var scored = counting == TextCounting.Llama && text is [.., (byte)'\n'] ? text.AsSpan(0, text.Length - 1) : text;
        var ids = new List<int>();
        if (tokenizer.AddBos)
        {
            ids.Add(tokenizer.BosId!.Value);
        }

        tokenizer.Encode(scored, ids);
        var windows = Cut(ids.Count, tokenizer, counting, context, path).Take(most ?? int.MaxValue).ToArray();
        if (windows.Sum(window => (long)window.Scored) == 0)
        {
            throw new CommandFailedException($"--file: expected a text of at least two tokens, found {ids.Count}: {path}");
        }

        var isWhole = counting == TextCounting.EveryToken && most is null;
        return new ScoredText([.. ids], windows, context, counting, isWhole ? CountWords(scored) : 0, isWhole ? scored.Length : 0);
    }

    private static IEnumerable<ScoringWindow> Cut(int tokens, Tokenizer tokenizer, TextCounting counting, int context, string path)
    {
        try
        {
            return counting == TextCounting.Llama
                ? ScoringWindow.SecondHalves(tokens, context, tokenizer.AddBos)
                : ScoringWindow.EveryTokenOnce(tokens, context);
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

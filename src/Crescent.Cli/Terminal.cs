using System.Text;

namespace Crescent.Cli;

/// <summary>What a command has around it: results go to <see cref="Out"/>, everything else to <see cref="Error"/>. Tests hand in their own.</summary>
internal sealed class Terminal
{
    private const int StandardWidth = 80;

    public required TextReader In { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Raw standard input, for text taken byte for byte.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>: progress is shown only then.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Whether standard input is a keyboard.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>Columns of the screen.</summary>
    public int Width { get; init; } = StandardWidth;

    /// <summary>Tells what day it is.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The model that the program brings along; null where it brings none.</summary>
    public Func<BuiltInModel?> FindBuiltIn { get; init; } = () => null;

    public bool Quiet { get; set; }

    public bool Verbose { get; set; }

    public bool Color { get; set; }

    public static Terminal ForProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            In = new StreamReader(Console.OpenStandardInput(), utf8),
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = false },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            OpenInput = Console.OpenStandardInput,
            FindBuiltIn = BuiltInModel.OfBuild,
            IsInteractive = !Console.IsErrorRedirected,
            Width = Console.IsErrorRedirected ? StandardWidth : ReadWidth(),
            InputIsTerminal = !Console.IsInputRedirected,
            Color = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        };
    }

    private static int ReadWidth()
    {
        try
        {
            return Console.WindowWidth > 1 ? Console.WindowWidth : StandardWidth;
        }
        catch (IOException)
        {
            return StandardWidth;
        }
    }

    /// <summary>A line that tells what is going on; silenced by <c>--quiet</c>.</summary>
    public void Note(string line)
    {
        if (!Quiet)
        {
            Error.WriteLine(Color ? $"\e[2m{line}\e[0m" : line);
        }
    }

    public void Warn(string line)
    {
        if (!Quiet)
        {
            Error.WriteLine(Color ? $"\e[33mwarning:\e[0m {line}" : $"warning: {line}");
        }
    }

    /// <summary>Detail that only <c>--verbose</c> shows.</summary>
    public void Detail(string line)
    {
        if (Verbose)
        {
            Note(line);
        }
    }
}

using System.Text;

namespace Crescent.Cli;

/// <summary>What the user of a conversation types.</summary>
/// <param name="Text">Without blanks around it, unless it was quoted.</param>
/// <param name="IsQuoted">Whether it stood between marks: then it is never a command.</param>
internal readonly record struct ChatLine(string Text, bool IsQuoted)
{
    public bool IsCommand => !IsQuoted && Text.StartsWith('/');

    /// <summary>A command's name, with its stroke.</summary>
    public string Command => Text.Split(' ', 2)[0];

    /// <summary>What follows the command's name.</summary>
    public string Argument => Text.Split(' ', 2) is [_, var argument] ? argument.Trim() : "";
}

/// <summary>Reads a conversation's input: a line, or several between marks of three quotes.</summary>
internal sealed class ChatInput(Terminal terminal)
{
    private const string Mark = "\"\"\"";

    /// <summary>The next input; null at the end.</summary>
    /// <param name="prompt">Shown to whoever types.</param>
    /// <exception cref="OperationCanceledException">The user interrupted.</exception>
    public ChatLine? Read(string prompt, CancellationToken cancellation)
    {
        Prompt(prompt);
        if (ReadLine(cancellation) is not { } line)
        {
            return null;
        }

        if (!line.TrimStart().StartsWith(Mark, StringComparison.Ordinal))
        {
            return new ChatLine(line.Trim(), IsQuoted: false);
        }

        var text = new StringBuilder(line.TrimStart()[Mark.Length..]);
        while (!text.ToString().TrimEnd().EndsWith(Mark, StringComparison.Ordinal))
        {
            Prompt(". ");
            if (ReadLine(cancellation) is not { } next)
            {
                return new ChatLine(text.ToString(), IsQuoted: true);
            }

            text.Append('\n').Append(next);
        }

        var whole = text.ToString().TrimEnd();
        return new ChatLine(whole[..^Mark.Length].Trim('\n'), IsQuoted: true);
    }

    // A read of the keyboard cannot be cancelled: it waits on another thread, so that an interrupt ends the loop.
    private string? ReadLine(CancellationToken cancellation) =>
        Task.Run(terminal.In.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();

    private void Prompt(string mark)
    {
        if (terminal.InputIsTerminal && !terminal.Quiet)
        {
            terminal.Error.Write(mark);
            terminal.Error.Flush();
        }
    }
}

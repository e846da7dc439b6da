namespace Crescent.Text.Templates;

/// <summary>Reads a generated answer token by token: the text to show, and in the end the message to keep in the conversation. Not thread-safe.</summary>
public abstract class AnswerReader
{
    /// <summary>Takes a token in; returns text for the user that is now certain, often none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public abstract string Push(int id);

    /// <summary>Ends the answer; returns the text that was held back.</summary>
    public abstract string Finish();

    /// <summary>The answer so far, reasoning and calls apart from its text.</summary>
    public abstract ChatMessage Message { get; }
}

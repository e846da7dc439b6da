namespace Crescent.Text.Answers;

/// <summary>What a piece of an answer is.</summary>
public enum AnswerEventKind
{
    /// <summary>Text for the user.</summary>
    Text,

    /// <summary>Reasoning before the text.</summary>
    Reasoning,

    /// <summary>A tool call opens: its index, id and name are known.</summary>
    CallBegin,

    /// <summary>A piece of the open call's arguments, as the model wrote it.</summary>
    CallArguments,

    /// <summary>The open call is complete.</summary>
    CallEnd,
}

namespace Crescent.Engine.Chat;

/// <summary>Why an answer ended.</summary>
public enum AnswerEnd
{
    /// <summary>A stop token or stop string.</summary>
    Stop,

    /// <summary>The most tokens or the most time that it may take, or the end of the context.</summary>
    Length,

    /// <summary>It calls tools, whose results are awaited.</summary>
    ToolCalls,
}

namespace Crescent.Text.Grammars;

/// <summary>Whether an answer calls tools.</summary>
public enum ToolCallMode
{
    /// <summary>As the model likes: text, then calls or none.</summary>
    Auto,

    /// <summary>Calls, and no text before them but reasoning.</summary>
    Required,

    /// <summary>No calls.</summary>
    None,
}

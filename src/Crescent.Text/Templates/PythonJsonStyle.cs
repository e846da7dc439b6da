namespace Crescent.Text.Templates;

/// <summary>The spellings of JSON that prompts use.</summary>
internal enum PythonJsonStyle
{
    /// <summary>Python's default: <c>", "</c> and <c>": "</c>, keys in their order.</summary>
    Spaced,

    /// <summary>As <c>indent=4</c> spells it: a member a line, keys in their order.</summary>
    Indented,

    /// <summary>No spaces, keys in their order.</summary>
    Compact,

    /// <summary>No spaces, keys sorted by code point at every level.</summary>
    CompactSorted,
}

namespace Crescent.Text.Templates;

/// <summary>The two spellings of JSON that prompts use.</summary>
internal enum PythonJsonStyle
{
    /// <summary>Python's default: <c>", "</c> and <c>": "</c>, keys in their order.</summary>
    Spaced,

    /// <summary>No spaces, keys sorted by code point at every level.</summary>
    CompactSorted,
}

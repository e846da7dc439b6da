namespace Crescent.Text.Templates;

/// <summary>A part of a prompt: a marker that only a template may write, or text that must never become one.</summary>
public readonly record struct PromptSegment(string Text, bool IsMarker)
{
    public static PromptSegment Marker(string name) => new(name, true);

    public static PromptSegment Untrusted(string text) => new(text, false);
}

namespace Crescent.Text.Templates;

/// <summary>Collects the segments of a prompt.</summary>
internal sealed class PromptBuilder
{
    private readonly List<PromptSegment> _segments = [];

    public IReadOnlyList<PromptSegment> Segments => _segments;

    public PromptBuilder Marker(string name)
    {
        _segments.Add(PromptSegment.Marker(name));
        return this;
    }

    public PromptBuilder Text(string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            _segments.Add(PromptSegment.Untrusted(text));
        }

        return this;
    }
}

namespace Crescent.Text.Templates;

/// <summary>A prompt that ends within an assistant's message, for the model to go on with.</summary>
public static class PartialAnswer
{
    /// <summary>The conversation without what closes its last message.</summary>
    /// <exception cref="NotSupportedException">The template does not close messages with a marker that ends an answer.</exception>
    public static IReadOnlyList<PromptSegment> Render(ChatTemplate template, PromptRequest request)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(request);
        var segments = template.Render(request with { AddGenerationPrompt = false });
        var end = segments.Count;
        while (end > 0 && segments[end - 1] is { IsMarker: false } last && string.IsNullOrWhiteSpace(last.Text))
        {
            end--;
        }

        if (template.StopNames.Count == 0)
        {
            return segments;
        }

        return end > 0 && segments[end - 1].IsMarker && template.StopNames.Contains(segments[end - 1].Text)
            ? [.. segments.Take(end - 1)]
            : throw new NotSupportedException($"the template {template.Name} cannot go on with a partial message");
    }
}

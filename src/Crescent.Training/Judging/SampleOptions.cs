using System.Text.Json;

namespace Crescent.Training.Judging;

/// <summary>A prompt whose first answer is shown: text to go on with, or what a user says.</summary>
public sealed record SampleOptions
{
    /// <summary>Text that the answer continues; null for a conversation.</summary>
    public string? Text { get; set; }

    /// <summary>What the user says; null for running text.</summary>
    public string? Prompt { get; set; }

    public string? System { get; set; }

    /// <summary>Tools on offer, as in a request to the server.</summary>
    public JsonElement[] Tools { get; set; } = [];

    /// <summary>Most tokens of the answer.</summary>
    public int MostTokens { get; set; } = 200;
}

namespace Crescent.Server.Answers;

/// <summary>What happens to a section.</summary>
internal enum SectionStepKind
{
    Open,
    Append,
    Close,
}

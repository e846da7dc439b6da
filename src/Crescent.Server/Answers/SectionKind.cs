namespace Crescent.Server.Answers;

/// <summary>What a section of an answer is.</summary>
internal enum SectionKind
{
    Reasoning,
    Text,
    Call,
}

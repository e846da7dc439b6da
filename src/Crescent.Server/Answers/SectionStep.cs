namespace Crescent.Server.Answers;

/// <summary>A section opens, grows or closes.</summary>
/// <param name="Text">With <see cref="SectionStepKind.Append"/>: what is new.</param>
internal readonly record struct SectionStep(SectionStepKind Kind, AnswerSection Section, string Text = "");

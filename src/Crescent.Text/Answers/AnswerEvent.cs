namespace Crescent.Text.Answers;

/// <summary>
/// A piece of a growing answer. The order is: reasoning, text and calls in the order of their writing; a call is a <see cref="AnswerEventKind.CallBegin"/>, any number of
/// <see cref="AnswerEventKind.CallArguments"/> and a <see cref="AnswerEventKind.CallEnd"/>, with nothing in between.
/// </summary>
/// <param name="Text">Never empty for text, reasoning and arguments; empty for the others.</param>
/// <param name="CallIndex">Index of the call within the answer, from 0; −1 where the event belongs to none.</param>
/// <param name="CallId">With <see cref="AnswerEventKind.CallBegin"/>: the call's id.</param>
/// <param name="CallName">With <see cref="AnswerEventKind.CallBegin"/>: the tool's name.</param>
public readonly record struct AnswerEvent(AnswerEventKind Kind, string Text, int CallIndex = -1, string? CallId = null, string? CallName = null);

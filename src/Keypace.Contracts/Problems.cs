namespace Keypace.Contracts;

/// <summary>An error of a management route: a sentence, a code to branch on, and the request's id.</summary>
public sealed record Problem(string Detail, string Code, string RequestId);

/// <summary>A failed validation: one entry a field.</summary>
public sealed record ValidationProblem(IReadOnlyList<FieldProblem> Detail, string Code, string RequestId);

/// <summary>What is wrong with one field.</summary>
/// <param name="Loc">Where: <c>["body", "name"]</c>.</param>
/// <param name="Msg">What to do about it.</param>
/// <param name="Type">A short machine word: <c>missing</c>, <c>string_type</c>, …</param>
public sealed record FieldProblem(IReadOnlyList<string> Loc, string Msg, string Type);

/// <summary>An error on an OpenAI route, in the shape that OpenAI's and Anthropic's SDKs both read.</summary>
public sealed record HubShapedProblem(string Type, HubShapedError Error, string RequestId);

/// <summary>The inner part of <see cref="HubShapedProblem"/>.</summary>
public sealed record HubShapedError(string Type, string Message, string Code, string? Param);

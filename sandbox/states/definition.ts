import { isRecord } from "../control-plane/input.ts";

/** What of Amazon States Language the sandbox runs: a choice by a text, and Distributed Maps over a bucket or its inventory whose batches a function gets. */
export interface MachineDefinition {
  startAt: string;
  states: Readonly<Record<string, ChoiceState | MapState>>;
}

export interface ChoiceState {
  type: "Choice";
  choices: readonly { variable: string; equals: string; next: string }[];
  otherwise: string;
}

export interface MapState {
  type: "Map";
  label: string;
  reader: "listing" | "inventory";
  /** Payload templates: members whose names end in `.$` are paths. */
  readerParameters: Template;
  itemsPerBatch: number;
  batchInput: Template;
  toleratedFailurePercentage: number;
  maxConcurrency: number;
  functionArn: string;
  retry: readonly Retrier[];
  writerParameters: Template;
}

export type Template = Readonly<Record<string, unknown>>;

export interface Retrier {
  errors: readonly string[];
  maxAttempts: number;
}

/**
 * Read a definition (states-language.net; Step Functions guide, "Distributed Map state fields").
 *
 * @throws Error for whatever the sandbox doesn't run, which AWS may well take
 */
export function readDefinition(text: string): MachineDefinition {
  const machine = only(parse(text), ["Comment", "StartAt", "States"], "the definition");
  const states = Object.entries(record(machine.States, "States")).map(([name, state]) => {
    const { Type } = record(state, name);
    if (Type === "Choice") return [name, readChoice(record(state, name), name)] as const;
    if (Type === "Map") return [name, readMap(record(state, name), name)] as const;
    throw unknown(`a state of type ${String(Type)} (${name})`);
  });
  const definition = { startAt: textOf(machine.StartAt, "StartAt"), states: Object.fromEntries(states) };
  const named = new Set(Object.keys(definition.states));
  const next = states.flatMap(([, state]) =>
    state.type === "Choice" ? [state.otherwise, ...state.choices.map((choice) => choice.next)] : [],
  );
  const missing = [definition.startAt, ...next].find((name) => !named.has(name));
  if (missing !== undefined) throw new Error(`The definition has no state ${missing}`);
  return definition;
}

function readChoice(state: Template, name: string): ChoiceState {
  only(state, ["Type", "Choices", "Default"], name);
  if (!Array.isArray(state.Choices)) throw new Error(`${name} has no Choices`);
  const choices = state.Choices.map((choice) => {
    const { Variable, StringEquals, Next } = only(choice, ["Variable", "StringEquals", "Next"], `a choice of ${name}`);
    return {
      variable: textOf(Variable, "Variable"),
      equals: textOf(StringEquals, "StringEquals"),
      next: textOf(Next, "Next"),
    };
  });
  return { type: "Choice", choices, otherwise: textOf(state.Default, "Default") };
}

const MAP = [
  ...["Type", "Label", "ItemReader", "ItemBatcher", "MaxConcurrency", "ToleratedFailurePercentage"],
  ...["ItemProcessor", "ResultWriter", "End"],
];

function readMap(state: Template, name: string): MapState {
  only(state, MAP, name);
  if (state.End !== true) throw unknown(`a Map that is not the end (${name})`);
  const reader = only(state.ItemReader, ["Resource", "ReaderConfig", "Parameters"], "ItemReader");
  const batcher = only(state.ItemBatcher, ["MaxItemsPerBatch", "BatchInput"], "ItemBatcher");
  const writer = only(state.ResultWriter, ["Resource", "Parameters", "WriterConfig"], "ResultWriter");
  expectSame(integrationOf(writer.Resource), "s3:putObject", "ResultWriter.Resource");
  expectSame(writer.WriterConfig, { Transformation: "COMPACT", OutputType: "JSON" }, "WriterConfig");
  return {
    type: "Map",
    label: textOf(state.Label, "Label"),
    reader: readerOf(reader),
    readerParameters: record(reader.Parameters, "ItemReader.Parameters"),
    itemsPerBatch: number(batcher.MaxItemsPerBatch, "MaxItemsPerBatch"),
    batchInput: record(batcher.BatchInput ?? {}, "BatchInput"),
    toleratedFailurePercentage: number(state.ToleratedFailurePercentage ?? 0, "ToleratedFailurePercentage"),
    maxConcurrency: number(state.MaxConcurrency ?? 0, "MaxConcurrency"),
    writerParameters: record(writer.Parameters, "ResultWriter.Parameters"),
    ...readProcessor(state.ItemProcessor),
  };
}

function readerOf({ Resource, ReaderConfig }: Template): MapState["reader"] {
  const integration = integrationOf(Resource);
  if (integration === "s3:listObjectsV2" && ReaderConfig === undefined) return "listing";
  expectSame(integration, "s3:getObject", "ItemReader.Resource");
  expectSame(ReaderConfig, { InputType: "MANIFEST" }, "ReaderConfig");
  return "inventory";
}

/** One task that invokes a function with the batch, and gives what that answers. */
function readProcessor(value: unknown): Pick<MapState, "functionArn" | "retry"> {
  const { ProcessorConfig, StartAt, States } = only(value, ["ProcessorConfig", "StartAt", "States"], "ItemProcessor");
  expectSame(ProcessorConfig, { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" }, "ProcessorConfig");
  const [[name, state] = ["", undefined], ...others] = Object.entries(record(States, "ItemProcessor.States"));
  if (others.length > 0 || name !== StartAt) throw unknown("an ItemProcessor of several states");
  const task = only(state, ["Type", "Resource", "Parameters", "OutputPath", "Retry", "End"], name);
  expectSame(task.Type, "Task", "Type");
  expectSame(integrationOf(task.Resource), "lambda:invoke", "Resource");
  expectSame(task.OutputPath, "$.Payload", "OutputPath");
  expectSame(task.End, true, "End");
  const { FunctionName, "Payload.$": payload } = only(task.Parameters, ["FunctionName", "Payload.$"], "Parameters");
  expectSame(payload, "$", "Payload.$");
  const retriers = Array.isArray(task.Retry) ? task.Retry : [];
  return {
    functionArn: textOf(FunctionName, "FunctionName"),
    retry: retriers.map((each) => {
      const known = [
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "JitterStrategy",
        "MaxDelaySeconds",
      ];
      const { ErrorEquals, MaxAttempts = 3 } = only(each, known, "a retrier");
      if (!Array.isArray(ErrorEquals)) throw new Error("A retrier has no ErrorEquals");
      return { errors: ErrorEquals.map(String), maxAttempts: number(MaxAttempts, "MaxAttempts") };
    }),
  };
}

function integrationOf(resource: unknown): string {
  return String(resource).replace(/^arn:aws[a-z-]*:states:::/, "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The definition can't be read: ${String(error)}`);
  }
}

function only(value: unknown, known: readonly string[], place: string): Template {
  const fields = record(value, place);
  const strange = Object.keys(fields).find((name) => !known.includes(name));
  if (strange !== undefined) throw unknown(`${strange} of ${place}`);
  return fields;
}

function expectSame(value: unknown, expected: unknown, place: string): void {
  if (JSON.stringify(value) !== JSON.stringify(expected)) throw unknown(`${JSON.stringify(value)} as ${place}`);
}

function record(value: unknown, place: string): Template {
  if (!isRecord(value)) throw new Error(`${place} is no object`);
  return value;
}

function textOf(value: unknown, place: string): string {
  if (typeof value !== "string") throw new Error(`${place} is no text`);
  return value;
}

function number(value: unknown, place: string): number {
  if (typeof value !== "number") throw new Error(`${place} is no number`);
  return value;
}

function unknown(what: string): Error {
  return new Error(`The sandbox does not implement ${what} in state machines`);
}

/**
 * Walks a parsed formula and computes it, counting every step and noting the intermediate results. Only the kinds of
 * node named here exist for a caller: no function definitions, no member access, no strings, no loops. A formula's cost is
 * therefore bounded by its own length and the largest list.
 */

import type { RelationalNode } from "mathjs";
import {
  isArrayNode,
  isConstantNode,
  isFunctionNode,
  isOperatorNode,
  isParenthesisNode,
  isRangeNode,
  isRelationalNode,
  isSymbolNode,
} from "mathjs";
import { constant, FormulaError, isNumber, isUnit, isUnitName, type MathNode, math, parseFormula, type Value } from "./engine.ts";
import { checkResult, FUNCTIONS, factorial, kindOf, power } from "./functions.ts";
import { show } from "./show.ts";

/** One operation with the values it was done on. */
export interface Step {
  readonly formula: string;
  readonly value: Value;
}

export interface Evaluation {
  readonly value: Value;
  readonly steps: readonly Step[];
}

/** Gives the value of a name the formula does not define. Asked at most once per occurrence. */
export type LookUp = (name: string) => Value | undefined;

/** What is used of an operator node; the published types do not know `in` and `isPercentage`. */
interface Operator {
  readonly op: string;
  readonly fn: string;
  readonly implicit: boolean;
  readonly isPercentage?: unknown;
}

const MOST_STEPS = 5_000;
const LONGEST_LIST = 1_000;

/** @throws FormulaError: not readable, not allowed, too large, or a name nobody knows */
export function evaluateFormula(formula: string, lookUp: LookUp): Evaluation {
  const tree = parseFormula(formula);
  const steps: Step[] = [];
  let spent = 0;

  const spend = (cost: number): void => {
    spent += cost;
    if (spent > MOST_STEPS) throw new FormulaError(`the formula takes more than ${MOST_STEPS} steps: split it, or use shorter lists`);
  };
  const note = (text: string, value: Value): Value => {
    steps.push({ formula: text, value: checkResult(value, text) });
    return value;
  };

  /** `unitFirst`: after a number or as the target of a conversion, `m` is the meter even if something named m is known. */
  function symbol(name: string, unitFirst: boolean): Value {
    const known = unitFirst && isUnitName(name) ? undefined : (lookUp(name) ?? constant(name));
    if (known !== undefined) return known;
    if (isUnitName(name)) return math.unit(name);
    throw new FormulaError(
      `"${name}" is not known. Say what it is in the message ("${name} = 0.75"), or send a finding that states it ("${name}: 0.75")`,
    );
  }

  function binary(node: Operator, left: Value, right: Value): Value {
    const [l, r] = [show(left, "operand"), show(right, "operand")];
    switch (node.op) {
      case "+":
        return note(`${l} + ${r}`, apply("+", math.add, left, right));
      case "-":
        return note(`${l} - ${r}`, apply("-", math.subtract, left, right));
      case "*":
        return isBareUnit(left) || isBareUnit(right)
          ? apply("*", math.multiply, left, right)
          : note(`${l} * ${r}`, apply("*", math.multiply, left, right));
      case "/":
        if (isNumber(right) && right.isZero()) throw new FormulaError(`${l} / ${r} divides by zero`);
        if (node.isPercentage === true || isBareUnit(right)) return apply("/", math.divide, left, right);
        return note(`${l} / ${r}`, apply("/", math.divide, left, right));
      case "^":
        return note(`${l}^${r}`, power(left, right));
      case "%":
      case "mod":
        return note(`${l} mod ${r}`, apply("mod", math.mod, left, right));
      case "to":
      case "in":
        if (!isUnit(right))
          throw new FormulaError(`"${l} to ${r}" converts to no unit: write "5 km to miles", and a list of numbers as 5:10`);
        if (!isUnit(left)) throw new FormulaError(`${l} has no unit to convert from: write it behind the number, as in "5 km to miles"`);
        return note(`${l} to ${r}`, apply("to", math.to, left, right));
      default:
        return compare(node.op, left, right);
    }
  }

  function compare(op: string, left: Value, right: Value): Value {
    const by: Record<string, [unknown, (order: number) => boolean]> = {
      "<": [math.smaller, (order) => order < 0],
      "<=": [math.smallerEq, (order) => order <= 0],
      ">": [math.larger, (order) => order > 0],
      ">=": [math.largerEq, (order) => order >= 0],
      "==": [math.equal, (order) => order === 0],
      "!=": [math.unequal, (order) => order !== 0],
    };
    const comparison = Object.hasOwn(by, op) ? by[op] : undefined;
    if (!comparison)
      throw new FormulaError(`the operator "${op}" is not one this calculator has: use + - * / ^ % ! mod to < <= > >= == !=`);
    const [ofUnits, holds] = comparison;
    // Numbers are compared exactly: mathjs calls numbers equal that differ in the 13th digit.
    const answer = isNumber(left) && isNumber(right) ? holds(left.cmp(right)) : apply(op, ofUnits, left, right);
    return note(`${show(left, "operand")} ${op} ${show(right, "operand")}`, answer);
  }

  function chain(node: RelationalNode): Value {
    const ops: Record<string, string> = { smaller: "<", smallerEq: "<=", larger: ">", largerEq: ">=", equal: "==", unequal: "!=" };
    const values = node.params.map((each) => walk(each));
    return node.conditionals.every((name, at) => compare(ops[name] ?? name, values[at] as Value, values[at + 1] as Value) === true);
  }

  function list(values: Value[]): Value[] {
    if (values.length > LONGEST_LIST) throw new FormulaError(`a list of ${values.length} values is too long; the most is ${LONGEST_LIST}`);
    if (values.some((each) => Array.isArray(each)))
      throw new FormulaError("lists are flat here: matrices are not something this calculator does");
    spend(values.length);
    return values;
  }

  function walk(node: MathNode, unitFirst = false): Value {
    spend(1);
    if (isConstantNode(node)) {
      const value = node.value as unknown;
      // The 100 that a percent sign stands for is a plain number, whatever the parser's settings.
      const number = typeof value === "number" ? math.bignumber(value) : value;
      if (typeof number === "boolean" || isNumber(number as Value)) return checkResult(number as Value, "the number");
      throw new FormulaError(`${String(node)} is not a number: texts and empty values cannot be calculated with`);
    }
    if (isParenthesisNode(node)) return walk(node.content, unitFirst);
    if (isSymbolNode(node)) return symbol(node.name, unitFirst);
    if (isOperatorNode(node)) {
      const operator = node as Operator;
      const [first, second] = node.args as MathNode[];
      if (first !== undefined && second !== undefined) {
        const conversion = operator.op === "to" || operator.op === "in";
        return checkResult(binary(operator, walk(first, unitFirst), walk(second, unitFirst || conversion || operator.implicit)), formula);
      }
      const value = walk(first as MathNode);
      if (operator.fn === "unaryMinus") return apply("-", math.unaryMinus, value);
      if (operator.fn === "unaryPlus") return value;
      if (operator.op === "!") return note(`${show(value, "operand")}!`, factorial(value));
      throw new FormulaError(`the operator "${operator.op}" is not one this calculator has`);
    }
    if (isRelationalNode(node)) return chain(node);
    if (isArrayNode(node)) return list(node.items.map((each) => walk(each)));
    if (isRangeNode(node)) return range(node.start, node.end, node.step ?? undefined);
    if (isFunctionNode(node)) {
      const name = isSymbolNode(node.fn) ? node.fn.name : "";
      const allowed = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
      if (!allowed)
        throw new FormulaError(
          `the function "${name || String(node.fn)}" is not one this calculator has. It has: ${Object.keys(FUNCTIONS).join(", ")}`,
        );
      const [least, most] = allowed.args;
      if (node.args.length < least || node.args.length > most)
        throw new FormulaError(
          `${name} takes ${least === most ? least : `${least} to ${most}`} value${most === 1 ? "" : "s"}, and was given ${node.args.length}`,
        );
      const args = node.args.map((each) => walk(each));
      spend(20);
      return note(
        `${name}(${args.map((each) => show(each)).join(", ")})`,
        guarded(() => allowed.call(args, name), name, args),
      );
    }
    if (node.type === "FunctionAssignmentNode")
      throw new FormulaError("formulas cannot define functions: write the formula out, with its values");
    throw new FormulaError(
      `"${String(node).slice(0, 60)}" is not something a formula may contain: use numbers, units, names, operators and functions`,
    );
  }

  /** The size is known before the first element is made. */
  function range(startNode: MathNode, endNode: MathNode, stepNode: MathNode | undefined): Value[] {
    const [start, end, step] = [walk(startNode), walk(endNode), stepNode ? walk(stepNode) : math.bignumber(1)];
    if (!isNumber(start) || !isNumber(end) || !isNumber(step) || step.isZero())
      throw new FormulaError("a range needs numbers and a step other than 0, such as 1:10");
    const size = end.sub(start).div(step).floor().add(1);
    if (size.gt(LONGEST_LIST))
      throw new FormulaError(
        `a range of ${show(size)} values is too long; the most is ${LONGEST_LIST}: split it, or write a formula for the whole row`,
      );
    return list(Array.from({ length: Math.max(0, size.toNumber()) }, (_, at) => start.add(step.mul(at))));
  }

  return { value: checkResult(walk(tree), formula), steps };
}

/** Runs one operation of the library on values whose size is already bounded. */
function apply(name: string, operation: unknown, ...args: Value[]): Value {
  if (args.some((each) => typeof each === "boolean")) throw new FormulaError("a yes-or-no answer cannot be calculated with");
  const fn = operation as (...values: Value[]) => Value;
  return guarded(() => fn(...args), name, args);
}

/** `km` alone: part of how a quantity is written, not a step of the working. */
function isBareUnit(value: Value): boolean {
  return isUnit(value) && (value as unknown as { value: unknown }).value === null;
}

/** What the library complains of (units that differ, values it does not take) is said in our words, with what would work. */
function guarded(run: () => Value, name: string, args: readonly Value[]): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof FormulaError) throw error;
    const given = args.flat().slice(0, 4);
    const shown = given.map((each) => show(each)).join(" and ");
    if (given.some(isUnit))
      throw new FormulaError(
        given.every(isUnit)
          ? `the units do not match: ${shown} measure different things, so "${name}" cannot take them together`
          : `the units do not match: ${shown}; give all of them a unit of one kind, or none`,
      );
    throw new FormulaError(
      `"${name}" cannot take ${given.map((each) => `${show(each)} (a ${kindOf(each)})`).join(" and ")}: use plain numbers`,
    );
  }
}
